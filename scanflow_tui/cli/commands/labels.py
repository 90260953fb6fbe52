"""``scanflow labels``: labels out for other tools, and in from them."""

from __future__ import annotations

from scanflow_tui.contract.errors import UsageError


def execute(
    act: str,
    session: str | None,
    file: str | None,
    form: str | None,
    out: str,
    history: bool,
    number: int | None,
    node: str | None,
    dry_run: bool,
    partial: bool,
    root: str | None,
    as_json: bool,
) -> int:
    """Export or import, or what was imported. A lone name after ``import`` is the file's."""
    if act in ("imports", "undo-import"):
        return _of_imports(
            act, session, file, number, node, root, as_json,
            is_plain=not (form or history or dry_run or partial or out != "-"),
        )  # fmt: skip
    if act == "export":
        if file is not None:
            raise UsageError("export takes no file", hint="Say where to with --out FILE.")
        if dry_run or partial:
            raise UsageError("--dry-run and --partial are of import")
        from scanflow_tui.cli.commands.labels_export import export

        return export(session, form, out, history, number, node, root, as_json)
    if act != "import":
        acts = "export, import, imports, undo-import"
        raise UsageError(f"there is no act {act!r}", hint=f"One of: {acts}.")
    if history or out != "-":
        raise UsageError("--history and --out are of export")
    if file is None:
        session, file = None, session
    if file is None:
        raise UsageError("which file?", hint="scanflow labels import SESSION FILE")
    from scanflow_tui.cli.commands.labels_import import bring_in

    return bring_in(session, file, form, number, node, dry_run, partial, root, as_json)


def _of_imports(
    act: str,
    session: str | None,
    which: str | None,
    number: int | None,
    node: str | None,
    root: str | None,
    as_json: bool,
    *,
    is_plain: bool,
) -> int:
    from scanflow_tui.cli.commands.labels_imports import show, take_back

    if not is_plain:
        raise UsageError(f"{act} takes only --run, --node, --sessions and --json")
    if act == "imports":
        if which is not None:
            raise UsageError(
                "imports lists them all", hint="scanflow labels undo-import takes one."
            )
        return show(session, number, node, root, as_json)
    if which is None and session is not None and session.isascii() and session.isdigit():
        session, which = None, session
    return take_back(session, which, number, node, root, as_json)
