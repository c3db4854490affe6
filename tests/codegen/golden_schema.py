"""A small protocol with one of everything that schemas have, and the overrides that it needs."""

from __future__ import annotations

from collections.abc import Mapping

from tests.codegen.small_schema import STRING, Schema, bundle, message, obj, ref, tag

INTEGER: Schema = {"type": "integer", "format": "int64", "minimum": 0.0}
NULL: Schema = {"type": "null"}
WORD: Schema = {"type": "string", "enum": ["inProgress", "on-request", "async", "NOT_YET", "us-1"]}

STABLE: dict[str, Schema] = {
    "JobStatus": {**WORD, "description": 'Where a job "stands": C:\\jobs.'},
    "JobRoute": {
        "oneOf": [
            {"type": "string", "enum": ["direct"], "description": "No detour."},
            obj("via", via=obj("hops", hops=INTEGER)),
        ]
    },
    "JobItem": {
        "description": "What a job is made of.",
        "oneOf": [
            {**obj("type", "id", **tag("textPart"), id=STRING, text=STRING), "title": "TextPartJobItem"},
            {
                **obj("type", "id", **tag("image"), id=STRING),
                "anyOf": [obj("url", url=STRING), obj("fileId", fileId=STRING)],
            },
        ],
    },
    "JobSource": {
        "oneOf": [
            obj("type", **tag("key"), apiKey={**STRING, "description": "The key itself."}),
            obj("type", **tag("none")),
        ]
    },
    "JobId": {"anyOf": [STRING, INTEGER]},
    "Job": obj(
        "id",
        "status",
        id=ref("JobId"),
        status=ref("JobStatus"),
        items={"type": "array", "items": ref("JobItem"), "default": []},
        route={"allOf": [ref("JobRoute")], "default": "direct"},
        _meta=True,
        labels={"type": "object", "additionalProperties": STRING},
        model_name={"type": ["string", "null"], "description": "Snake on the wire."},
        **{"async": {"type": "boolean", "default": False}},
        where=obj("path", path={"allOf": [ref("JobPath")]}),
    ),
    "JobPath": {**STRING, "description": "An absolute path."},
    "JobRunParams": obj(
        "jobId",
        jobId={**STRING, "description": "Which job"},
        effort={"anyOf": [ref("Effort"), NULL], "description": "`null` clears it."},
        tags={"type": ["array", "null"], "items": STRING},
    ),
    "JobRunResponse": obj("job", job=ref("Job")),
    "JobListParams": obj(cursor={"type": ["string", "null"]}),
    "JobListResponse": obj("data", data={"type": "array", "items": ref("Job")}),
    "JobSourceSetResponse": obj(),
    "Effort": STRING,
    "JobStartedNotification": obj("job", job=ref("Job")),
    "JobAskParams": obj("question", question=STRING),
    "JobAskResponse": obj("answer", answer=STRING),
    "JobResetResponse": obj(),
    "PingParams": obj(text=STRING),
    "PingResponse": obj(),
}
EXPERIMENTAL: dict[str, Schema] = {
    **STABLE,
    "JobListParams": obj(cursor={"type": ["string", "null"]}, limit={**INTEGER, "description": "How many."}),
    "JobCancelParams": obj("jobId", jobId=STRING),
    "JobCancelResponse": obj(),
}
REQUESTS = [
    message("ping", ref("PingParams"), description="Is it there"),
    message("job/reset", NULL),
    message("job", ref("JobListParams")),
    message("job/run", ref("JobRunParams"), description="Run a job.\n\nIt may take long."),
    message("job/list", {"anyOf": [ref("JobListParams"), NULL]}),
    message("job/source/set", ref("JobSource")),
]
OVERRIDES = """
[response]
"job" = "JobListResponse"
"job/source/set" = "JobSourceSetResponse"
[core_types]
names = ["JobStartedNotification"]
[open_enum]
Effort = { values = ["low", "high"] }
[refusal]
"job/ask" = { result = { answer = "" } }
[long_running]
names = ["job/run"]
[secret_fields]
names = ["KeyJobSource.apiKey"]
"""


def protocol_bundle(definitions: Mapping[str, Schema]) -> bytes:
    """The bundle of ``STABLE`` or ``EXPERIMENTAL``."""
    more = [message("job/cancel", ref("JobCancelParams"))] if "JobCancelParams" in definitions else []
    return bundle(
        definitions,
        requests=[*REQUESTS, *more],
        notifications=[message("job/started", ref("JobStartedNotification"), description="It runs.")],
        server_requests=[message("job/ask", ref("JobAskParams"))],
    )
