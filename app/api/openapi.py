"""The description of the public interface (OpenAPI 3.1), as data."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from app.api.openapi_seals import PATHS as SEAL_PATHS
from app.api.openapi_seals import SCHEMAS as SEAL_SCHEMAS

Schema = dict[str, Any]

_INSTANT: Schema = {"type": "string", "format": "date-time", "description": "时刻，含时区（北京时间）"}
_MAYBE_INSTANT: Schema = {**_INSTANT, "type": ["string", "null"]}
_DAY: Schema = {"type": "string", "format": "date"}
_TEXT: Schema = {"type": "string"}
_SM3: Schema = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SM3 摘要，小写十六进制"}

STAGES = (
    "published", "accepting", "closed", "opened", "qualification", "scoring", "reported", "publicity", "awarded",
    "integration", "promotion", "service", "archived", "suspended", "terminated",
)


def _object(description: str, required: dict[str, Schema], **optional: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_SUMMARY: dict[str, Schema] = {
    "id": {"type": "string", "description": "公开编号"},
    "title": _TEXT,
    "organiser": _TEXT,
    "sample": {"type": "boolean", "description": "样例项目，不是真实招募"},
    "stage": {"type": "string", "enum": list(STAGES)},
    "stage_name": {"type": "string", "description": "阶段的中文名称"},
    "published_at": _INSTANT,
    "opens_at": _MAYBE_INSTANT,
    "closes_at": _MAYBE_INSTANT,
    "page": {"type": "string", "format": "uri", "description": "公告页面"},
}

SCHEMAS: dict[str, Schema] = {
    "Problem": _object(
        "错误（RFC 9457）",
        {"type": _TEXT, "status": {"type": "integer"}, "code": _TEXT, "detail": _TEXT},
    ),
    "Health": _object(
        "运行状态",
        {
            "status": {"type": "string", "enum": ["ok", "failed"]},
            "version": _TEXT,
            "database": {"type": "string", "enum": ["ok", "failed"]},
            "storage": {"type": "string", "enum": ["ok", "failed"]},
            "time": _INSTANT,
        },
    ),
    "Summary": _object("一次招募", _SUMMARY),
    "Page": _object(
        "一页招募",
        {
            "items": _list(_ref("Summary")),
            "page": {"type": "integer", "minimum": 1},
            "pages": {"type": "integer", "minimum": 1},
            "total": {"type": "integer", "minimum": 0},
        },
    ),
    "Schedule": _object(
        "方案公布的日期",
        {},
        responses_open=_DAY,
        responses_close=_DAY,
        closing_time={"type": "string", "description": "最后一日的截止时刻，例如 17:30"},
        review_start=_DAY,
        review_end=_DAY,
        publicity_start=_DAY,
        publicity_end=_DAY,
    ),
    "Section": _object(
        "方案的一节",
        {"level": {"type": "integer", "minimum": 1}, "number": _TEXT, "title": _TEXT, "text": _TEXT},
        table={**_list(_list(_TEXT)), "description": "表格，第一行为表头"},
    ),
    "Plan": _object(
        "现行方案",
        {
            "sm3": _SM3,
            "versions": _list(
                _object("已发布的版本", {"number": {"type": "integer"}, "sm3": _SM3, "published_at": _INSTANT})
            ),
            "sections": _list(_ref("Section")),
            "supplements": _list(_object("补充说明", {"title": _TEXT, "text": _TEXT})),
        },
    ),
    "Amendment": _object(
        "补充（更正）公告",
        {
            "number": {"type": "integer"},
            "title": _TEXT,
            "text": _TEXT,
            "published_at": _INSTANT,
            "new_closes_at": _MAYBE_INSTANT,
            "touches_responses": {"type": "boolean", "description": "是否影响响应文件的内容"},
        },
    ),
    "Answer": _object(
        "公布的提问与答复（不含提问人）",
        {"place": _TEXT, "question": _TEXT, "answer": _TEXT, "published_at": _INSTANT},
    ),
    "Document": _object(
        "公开文件",
        {
            "kind": _TEXT,
            "title": _TEXT,
            "media_type": _TEXT,
            "size": {"type": "integer"},
            "sm3": _SM3,
            "issued_at": _INSTANT,
            "url": {"type": "string", "format": "uri"},
        },
    ),
    "Result": _object(
        "公示的评审结果",
        {
            "publicity_starts_at": _MAYBE_INSTANT,
            "publicity_ends_at": _MAYBE_INSTANT,
            "quota": {"type": ["integer", "null"], "description": "入选名额"},
            "ranking": _list(
                _object(
                    "排名中的一家",
                    {
                        "rank": {"type": "integer", "minimum": 1},
                        "vendor": _TEXT,
                        "score": {"type": "string", "pattern": r"^\d+\.\d{2}$", "description": "综合得分"},
                        "outcome": {"type": "string", "description": "公示期间为拟入选或候补，其后为实际结果"},
                    },
                )
            ),
            "explanation": {"type": "string", "format": "uri", "description": "排名是怎样算出来的"},
            "package": {
                "oneOf": [_ref("Package"), {"type": "null"}],
                "description": "评审数据包；尚未生成时为 null",
            },
        },
    ),
    "Package": _object(
        "评审数据包：不依赖本系统即可重新计算的 ZIP 文件",
        {
            "names": {"type": "string", "enum": ["real", "pseudonymous", "none"], "description": "名称的公开方式"},
            "size": {"type": "integer", "minimum": 0},
            "sm3": _SM3,
            "root_sm3": {**_SM3, "description": "根证书（试用）的 SM3 摘要，重新计算时用于比对"},
            "issued_at": _INSTANT,
            "url": {"type": "string", "format": "uri"},
        },
    ),
    "Recruitment": _object(
        "一次招募的全部公开内容",
        {
            **_SUMMARY,
            "schedule": _ref("Schedule"),
            "plan": _ref("Plan"),
            "amendments": _list(_ref("Amendment")),
            "questions": _list(_ref("Answer")),
            "documents": _list(_ref("Document")),
            "result": {
                "oneOf": [_ref("Result"), {"type": "null"}],
                "description": "结果公示开始之前为 null",
            },
        },
    ),
}


def _answer(description: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": _ref(schema)}}}


def _problem(description: str) -> dict[str, Any]:
    return {"description": description, "content": {"application/problem+json": {"schema": _ref("Problem")}}}


def document() -> dict[str, Any]:
    """The OpenAPI document of version 1."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "印招公开接口",
            "version": version("yinzhao"),
            "summary": "电子印章服务商招募的公开信息，以及电子印章和签名的验证；无需登录。",
            "description": (
                "只提供已经公开的内容：草稿、启封前的响应、公示前的评审结果不会出现。"
                "时刻含时区，得分为字符串。错误以 application/problem+json 返回，detail 为中文说明。"
            ),
        },
        "servers": [{"url": "/api/v1"}],
        "tags": [{"name": "招募"}, {"name": "验真"}, {"name": "系统"}],
        "paths": {
            "/recruitments": {
                "get": {
                    "operationId": "listRecruitments",
                    "summary": "已发布的招募，新的在前",
                    "tags": ["招募"],
                    "parameters": [
                        {
                            "name": "page",
                            "in": "query",
                            "description": "第几页",
                            "schema": {"type": "integer", "minimum": 1, "default": 1},
                        },
                        {
                            "name": "state",
                            "in": "query",
                            "description": "open 正在接收响应；running 未结束；ended 已结束",
                            "schema": {"type": "string", "enum": ["open", "running", "ended"]},
                        },
                    ],
                    "responses": {
                        "200": _answer("一页招募，每页 50 项", "Page"),
                        "400": _problem("参数不正确"),
                    },
                }
            },
            "/recruitments/{recruitment}": {
                "get": {
                    "operationId": "getRecruitment",
                    "summary": "一次招募：方案、日期、补充公告、问答、公开文件、公示的结果",
                    "tags": ["招募"],
                    "parameters": [
                        {
                            "name": "recruitment",
                            "in": "path",
                            "required": True,
                            "description": "公开编号",
                            "schema": {"type": "string"},
                        }
                    ],
                    "responses": {
                        "200": _answer("招募", "Recruitment"),
                        "404": _problem("没有这次招募，或尚未发布"),
                    },
                }
            },
            **SEAL_PATHS,
            "/health": {
                "get": {
                    "operationId": "getHealth",
                    "summary": "数据库与文件存储是否可用",
                    "tags": ["系统"],
                    "responses": {"200": _answer("可用", "Health"), "503": _answer("不可用", "Health")},
                }
            },
            "/openapi.json": {
                "get": {
                    "operationId": "getDescription",
                    "summary": "本说明",
                    "tags": ["系统"],
                    "responses": {
                        "200": {
                            "description": "OpenAPI 3.1 说明",
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        }
                    },
                }
            },
        },
        "components": {"schemas": {**SCHEMAS, **SEAL_SCHEMAS}},
    }
