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
    """Export or import. A lone name after ``import`` is the file's."""
    if act == "export":
        if file is not None:
            raise UsageError("export takes no file", hint="Say where to with --out FILE.")
        if dry_run or partial:
            raise UsageError("--dry-run and --partial are of import")
        from scanflow_tui.cli.commands.labels_export import export

        return export(session, form, out, history, number, node, root, as_json)
    if act != "import":
        raise UsageError(f"there is no act {act!r}", hint="One of: export, import.")
    if history or out != "-":
        raise UsageError("--history and --out are of export")
    if file is None:
        session, file = None, session
    if file is None:
        raise UsageError("which file?", hint="scanflow labels import SESSION FILE")
    from scanflow_tui.cli.commands.labels_import import bring_in

    return bring_in(session, file, form, number, node, dry_run, partial, root, as_json)
