"""The part of the public interface's description that is about verifications, as data."""

from __future__ import annotations

from typing import Any

from seal_core import Reason

Schema = dict[str, Any]

VERDICTS = ("VALID", "TRIAL_VALID", "INVALID", "INDETERMINATE", "UNSIGNED")
_TEXT: Schema = {"type": "string"}
_MAYBE: Schema = {"type": ["string", "null"]}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": "number"}
_INSTANT: Schema = {"type": "string", "format": "date-time", "description": "时刻，含时区"}
_MAYBE_INSTANT: Schema = {**_INSTANT, "type": ["string", "null"]}
_CODE: Schema = {"type": "string", "enum": [code.value for code in Reason]}
_REMARK: Schema = {
    "type": "object",
    "description": "一条原因或发现：代码和有关的事实（文件、时间等）",
    "properties": {"code": _CODE},
    "required": ["code"],
    "additionalProperties": _TEXT,
}


def _object(description: str, properties: dict[str, Schema]) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _ref(name: str, *, maybe: bool = False) -> Schema:
    found: Schema = {"$ref": f"#/components/schemas/{name}"}
    return {"oneOf": [found, {"type": "null"}]} if maybe else found


def _verdict(description: str) -> Schema:
    return {
        "type": "string",
        "enum": list(VERDICTS),
        "description": (
            f"{description}。TRIAL_VALID 为试用有效：证书由试用 CA 签发，不是正式印章；"
            "VALID 只用于生产信任的证书"
        ),
    }


SCHEMAS: dict[str, Schema] = {
    "Party": _object(
        "证书的持有者",
        {
            "name": _TEXT,
            "organisation": _TEXT,
            "credit_code": {**_MAYBE, "description": "统一社会信用代码"},
            "serial": {"type": "string", "description": "证书序列号，十六进制"},
            "issuer": _TEXT,
            "not_before": _INSTANT,
            "not_after": _INSTANT,
            "trial": {"type": "boolean", "description": "试用证书"},
        },
    ),
    "Seal": _object(
        "电子印章自身的数据",
        {
            "id": {"type": "string", "description": "印章编码"},
            "name": _TEXT,
            "type": {"type": "integer", "description": "印章类型，1 为单位印章"},
            "vendor": _TEXT,
            "standard": _TEXT,
            "created": _MAYBE_INSTANT,
            "valid_from": _MAYBE_INSTANT,
            "valid_to": _MAYBE_INSTANT,
            "width_mm": _NUMBER,
            "height_mm": _NUMBER,
            "picture_type": _TEXT,
            "picture_bytes": _WHOLE,
            "maker": _ref("Party", maybe=True),
        },
    ),
    "Stamp": _object(
        "印章在页面上的位置，毫米，自页面左上角起",
        {
            "page": {"type": "integer", "minimum": 1},
            "x": _NUMBER,
            "y": _NUMBER,
            "width": _NUMBER,
            "height": _NUMBER,
            "clip": {"type": ["array", "null"], "items": _NUMBER},
        },
    ),
    "Signature": _object(
        "一个签名、签章或印章",
        {
            "name": {"type": "string", "description": "在文件中的编号或字段名"},
            "kind": {"type": "string", "enum": ["seal", "seal_signature", "signed_data", "sm2_value", ""]},
            "standard": _TEXT,
            "profile": {"type": "string", "description": "PDF 的 Filter/SubFilter"},
            "intact": {"type": ["boolean", "null"], "description": "完整：内容和签名没有改动；null 为无法判定"},
            "trusted": {"type": "boolean", "description": "可信：证书链、用途和吊销状态"},
            "time_valid": {"type": "boolean", "description": "签章时证书和印章都在有效期内"},
            "trial": {"type": "boolean", "description": "证书由试用 CA 签发"},
            "verdict": _verdict("这个签名的结论"),
            "reasons": {**_list(_CODE), "description": "不是有效的原因，按标准的验证次序"},
            "details": {**_list(_REMARK), "description": "各原因及其事实"},
            "findings": {**_list(_REMARK), "description": "不破坏签名的发现"},
            "signer": _ref("Party", maybe=True),
            "seal": _ref("Seal", maybe=True),
            "signed_at": _MAYBE_INSTANT,
            "time_proven": {"type": "boolean", "description": "签章时间有时间戳证明"},
            "covers": {**_list(_TEXT), "description": "保护的文件或字节范围，最多 100 项"},
            "covers_count": {**_WHOLE, "description": "保护的全部项数"},
            "stamps": _list(_ref("Stamp")),
            "picture": {"type": "string", "description": "印章图案在 pictures 中的编号，没有为空"},
        },
    ),
    "Verification": _object(
        "验真报告",
        {
            "file": {"type": "string", "description": "文件名，只作显示"},
            "size": _WHOLE,
            "sm3": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "format": {"type": "string", "enum": ["ofd", "pdf", "esl", "ses", "p7"]},
            "verdict": _verdict("整个文件的结论，取最差的一个签名"),
            "trial": {"type": "boolean", "description": "至少一个签名的证书由试用 CA 签发"},
            "at": _INSTANT,
            "signatures": _list(_ref("Signature")),
            "findings": _list(_REMARK),
            "pictures": _list(
                _object(
                    "一个印章图案",
                    {
                        "id": _TEXT,
                        "png": {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"},
                        "width": _WHOLE,
                        "height": _WHOLE,
                    },
                )
            ),
        },
    ),
}


def _answer(description: str, kind: str, schema: str) -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": _ref(schema)}}}


def _problem(description: str) -> dict[str, Any]:
    return _answer(description, "application/problem+json", "Problem")


_BYTES: Schema = {"type": "string", "format": "binary"}
PATHS: dict[str, Any] = {
    "/verifications": {
        "post": {
            "operationId": "verify",
            "summary": "验证一个 OFD、PDF、电子印章（.esl）、电子签章数据或签名消息（.p7）",
            "description": (
                "文件按内容识别，验证后立即删除，报告也不保存。同一地址每分钟最多 20 次、每小时最多 200 次，"
                "与验真页面合计。"
            ),
            "tags": ["验真"],
            "parameters": [
                {
                    "name": "name",
                    "in": "query",
                    "description": "文件名，只作显示；直接以请求正文提交文件时使用",
                    "schema": _TEXT,
                }
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "multipart/form-data": {
                        "schema": {
                            "type": "object",
                            "properties": {
                                "file": _BYTES,
                                "content": {**_BYTES, "description": "分离式签名的原文"},
                            },
                            "required": ["file"],
                        }
                    },
                    "application/octet-stream": {"schema": _BYTES},
                },
            },
            "responses": {
                "200": _answer("验真报告，无论结论如何", "application/json", "Verification"),
                "413": _problem("文件过大"),
                "422": _problem("没有文件、文件读不懂，或没有能在限定的时间和内存内读完"),
                "429": _problem("过于频繁"),
                "503": _problem("正在验证的文件较多，或信任的证书读不出来"),
            },
        }
    }
}
