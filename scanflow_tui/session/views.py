"""The SQL of a session file: tables, and views for anyone with DuckDB (``docs/session-format.md``).

The views read ``event.body`` by DuckDB's own JSON functions, which are part of the engine and need
no extension from the network. They are made once, with the file, and are no part of the chain.
"""

from __future__ import annotations

TABLES = (
    "CREATE TABLE format(name VARCHAR NOT NULL, value VARCHAR NOT NULL)",
    'CREATE TABLE event(seq BIGINT NOT NULL, "at" BIGINT NOT NULL, kind VARCHAR NOT NULL,'
    " actor VARCHAR NOT NULL, body BLOB NOT NULL, hash VARCHAR NOT NULL)",
    "CREATE TABLE content(digest VARCHAR NOT NULL, salt BLOB NOT NULL, media VARCHAR NOT NULL,"
    " bytes BLOB NOT NULL)",
)

FORMAT = (("format", "scanflow-session"), ("version", "1"))


def _text(path: str, name: str = "") -> str:
    return f"payload->>'$.{path}' AS {name or path}"


def _typed(kind: str, path: str, name: str = "") -> str:
    return f"CAST(payload->>'$.{path}' AS {kind}) AS {name or path}"


def _json(path: str) -> str:
    return f"payload->'$.{path}' AS {path}"


_RUN_NODE = (_typed("BIGINT", "run"), _text("node"))

_CURRENT_LABEL = (
    "seq NOT IN (SELECT CAST(decode(body)::JSON->>'$.payload.undoes' AS BIGINT)"
    " FROM event WHERE kind = 'LabelUndone') AS stands"
)

_IMPORT_STANDS = (
    "NOT coalesce(CAST(payload->>'$.undone' AS BOOLEAN), false)"
    " AND CAST(payload->>'$.begun' AS BIGINT) NOT IN"
    " (SELECT CAST(decode(body)::JSON->>'$.payload.begun' AS BIGINT)"
    " FROM event WHERE kind = 'ImportUndone')"
    " AND (CAST(payload->>'$.begun' AS BIGINT) IN"
    " (SELECT CAST(decode(body)::JSON->>'$.payload.begun' AS BIGINT)"
    " FROM event WHERE kind = 'ImportEnded') OR CAST(payload->>'$.begun' AS BIGINT) IN"
    " (SELECT seq FROM event WHERE kind = 'ImportBegan'"
    " AND NOT coalesce(CAST(decode(body)::JSON->>'$.payload.whole' AS BOOLEAN), false)))"
    " AS stands"
)

_COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "labels": (
        ("LabelGiven",),
        (
            *_RUN_NODE,
            _text("sample"),
            _text("label_kind", "label"),
            _typed("BIGINT", "value"),
            _typed("BIGINT", "ms"),
            _typed("BOOLEAN", "guess_shown"),
            _text('"order"', '"order"'),
            _typed("BIGINT", "redoes"),
            *(_text(name, f'"{name}"') for name in ("key", "view", "look", "way", "picture")),
            _typed("BIGINT", "place"),
            _CURRENT_LABEL,
        ),
    ),
    "imported_labels": (
        ("LabelImported",),
        (
            *_RUN_NODE,
            _text("sample"),
            _text("label_kind", "label"),
            _typed("BIGINT", "value"),
            _text("author"),
            _typed("BIGINT", "said_at"),
            _typed("BIGINT", "begun"),
            _typed("BOOLEAN", "undone"),
            _typed("BIGINT", "ms"),
            _typed("BIGINT", "guess"),
            _typed("BOOLEAN", "guess_shown"),
            _text('"order"', '"order"'),
            *(_text(name, f'"{name}"') for name in ("key", "view", "look", "way", "picture")),
            _typed("BIGINT", "place"),
            _IMPORT_STANDS,
        ),
    ),
    "decisions": (
        ("DecisionTaken",),
        (
            *_RUN_NODE,
            _text("option"),
            _text("action"),
            _text("reason_content"),
            _text("evidence"),
        ),
    ),
    "attempts": (
        ("AttemptEnded",),
        (
            *_RUN_NODE,
            _typed("BIGINT", "attempt"),
            _text("state"),
            _typed("BIGINT", "code"),
            _typed("BIGINT", "signal"),
            _text("reason"),
            _typed("DOUBLE", "seconds"),
            _typed("DOUBLE", "cpu_s"),
            _json("outputs"),
            f'{_json("values")[: -len(" AS values")]} AS "values"',
        ),
    ),
    "checks": (
        ("CheckFound",),
        (
            *_RUN_NODE,
            _text("batch"),
            _text("finding.verdict", "verdict"),
            _typed("BIGINT", "finding.n", "n"),
            _typed("DOUBLE", "finding.p", "p"),
            _typed("DOUBLE", "finding.alpha", "alpha"),
            _typed("BIGINT", "finding.n_flagged", "n_flagged"),
            "json_array_length(payload, '$.queue') AS n_queue",
            _text("finding.sentence", "sentence"),
        ),
    ),
    "messages": (
        ("MessageSent",),
        (
            _typed("BIGINT", "run"),
            _text("sender"),
            _text("receiver"),
            _text("topic"),
            _text("text", '"text"'),
        ),
    ),
    "versions": (
        ("ModelPromoted", "ModelRolledBack"),
        (
            "kind",
            _typed("BIGINT", "version"),
            _typed("BIGINT", "replaces"),
            *_RUN_NODE,
            _text("action"),
            _text("reason_content"),
            _json("outputs"),
        ),
    ),
    "batches": (
        ("BatchArrived",),
        (
            _text("batch"),
            _text("artifact"),
            _typed("BIGINT", "n_bytes"),
            _typed("BIGINT", "n_files"),
            _text("name_content"),
        ),
    ),
}

_RUNS = """CREATE VIEW runs AS
WITH planned AS (
  SELECT seq, "at", actor, decode(body)::JSON->'$.payload' AS payload
  FROM event WHERE kind = 'RunPlanned'
), ended AS (
  SELECT CAST(decode(body)::JSON->>'$.payload.run' AS BIGINT) AS run,
         arg_max(decode(body)::JSON->>'$.payload.state', seq) AS state,
         arg_max(decode(body)::JSON->>'$.payload.reason', seq) AS reason,
         max("at") AS ended_at
  FROM event WHERE kind = 'RunEnded' GROUP BY 1
)
SELECT seq, "at", make_timestamp("at") AS "time", actor,
       CAST(payload->>'$.run' AS BIGINT) AS run, payload->>'$.batch' AS batch,
       CAST(payload->>'$.champion' AS BIGINT) AS champion, payload->>'$.code' AS code,
       json_array_length(payload, '$.nodes') AS n_nodes,
       ended.state AS state, ended.reason AS reason, ended.ended_at AS ended_at
FROM planned LEFT JOIN ended ON ended.run = CAST(payload->>'$.run' AS BIGINT)"""


_CHECKS = """CREATE VIEW checks AS
WITH found AS ({found}), drawn AS (
  SELECT seq, CAST(payload->>'$.run' AS BIGINT) AS run, payload->>'$.node' AS node,
         json_array_length(payload, '$.entries') AS n
  FROM (SELECT seq, decode(body)::JSON->'$.payload' AS payload FROM event WHERE kind = 'QueueDrawn')
), more AS (
  SELECT found.seq AS seq, sum(drawn.n) AS n
  FROM drawn ASOF JOIN found
    ON drawn.run = found.run AND drawn.node = found.node AND drawn.seq > found.seq
  GROUP BY found.seq
)
SELECT found.* REPLACE (CAST(n_queue + coalesce(more.n, 0) AS BIGINT) AS n_queue)
FROM found LEFT JOIN more ON more.seq = found.seq"""


def _view(name: str) -> str:
    return f"CREATE VIEW {name} AS {_select(name)}"


def _select(name: str) -> str:
    kinds, columns = _COLUMNS[name]
    of = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        f'SELECT seq, "at", make_timestamp("at") AS "time", actor, '
        f'{", ".join(columns)} FROM (SELECT seq, "at", kind, actor, '
        f"decode(body)::JSON->'$.payload' AS payload FROM event WHERE kind IN ({of}))"
    )


VIEWS = (
    *(_view(name) for name in _COLUMNS if name != "checks"),
    _CHECKS.format(found=_select("checks")),
    _RUNS,
)

NAMES = (*_COLUMNS, "runs")
