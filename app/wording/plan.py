"""Words about plan files: why one can't be read, and what the linter found in one."""

from __future__ import annotations

import errno
from typing import Any

REFUSALS = {
    "plan_unreadable": "方案文件无法读取：{place}：{why}",
    "plan_place_unknown": "方案中没有“{place}”这一处：{why}",
    "plan_value_bad": "“{place}”不能这样填写：{why}",
}

#: Why a file is no TOML, and where. `errors` translates what the parser says.
SYNTAX: dict[str, Any] = {
    "at": "第{line}行第{column}列",
    "at_byte": "第{line}行第{column}字节",
    "whole": "整个文件",
    "io": "文件打不开：{why}。请核对路径和权限。",
    "io_errors": {errno.ENOENT: "没有这个文件", errno.EISDIR: "这是一个文件夹", errno.EACCES: "没有读取的权限"},
    "io_other": "读取出错",
    "big": "文件超过{most}KB，不是方案文件。",
    "encoding": "文件不是UTF-8编码。请用UTF-8编码另存后重试。",
    "deep": "嵌套超过{most}层，不是方案文件的结构。",
    "value": "数值无法识别（{why}）。",
    "empty": "文件是空的，请填写方案各节。",
    "other": "不符合TOML格式（{why}）。请改正后重试。",
    "errors": {
        "Expected '=' after a key": "键的后面缺少等号“=”。请写成“键 = 值”。",
        "Cannot overwrite a value": "这个键前面已经写过。请删去重复的一处。",
        "Cannot declare": "这一节前面已经写过，或与前面的写法冲突。请删去重复的一处。",
        "Cannot mutate immutable namespace": "这个键与前面的一节冲突。请删去重复的一处。",
        "Expected newline or end of document after a statement": "一行只能写一个“键 = 值”，其后有多余的内容，或文字没有加引号。",
        "Invalid value": "等号后面的值无法识别。文字要加英文双引号，日期写成2023-07-07。",
        "Unterminated string": "文字的引号没有闭合。请补上英文双引号。",
        "Unclosed array": "方括号“[”没有闭合。请补上“]”。",
        "Unclosed inline table": "花括号“{”没有闭合。请补上“}”。",
        "Expected ']' at the end of a table declaration": "节名后面缺少“]”。",
        "Expected ']]' at the end of an array declaration": "节名后面缺少“]]”。",
        "Invalid initial character for a key part": "键名只能用英文字母、数字、下划线和连字符。",
        "Invalid statement": "这一行不是“键 = 值”，也不是节名。",
        "Illegal character": "有不允许的控制字符。请删去后重试。",
        "Found invalid character": "有不允许的控制字符。请删去后重试。",
        "Unescaped '\\' in a string": "文字里的反斜杠“\\”要写成“\\\\”。",
        "Invalid date or datetime": "日期不存在。请写成2023-07-07这样的日期。",
        "Duplicate inline table key": "花括号里同一个键写了两次。请删去一处。",
    },
}

#: Why a place of a plan can't be changed.
EDITING = {
    "file": "整个文件",
    "nothing": "路径不通。请从编辑页面选择要修改的一项。",
    "control": "含有不可见的控制字符。请删去后重试。",
    "type": "不支持的类型（{kind}）。",
    "shape": "这里的内容不是这种结构（例如把一节或一个条目换成了一个值）。请按原有的结构填写。",
}

#: What does not fit the structure of a plan.
STRUCTURE = {
    "supplement_value": "补充说明的每个值要写明path和value。",
    "supplement_itself": "补充说明不能修改补充说明自身。",
    "replace_type": "replace只能用于文字。请核对路径，或不写replace而给出完整的值。",
    "replace_missing": "“{path}”的文字中没有“{words}”。请照原文填写要替换的字。",
    "date": "应为日期，例如2023-06-25。",
}

KINDS = {"objective": "客观分", "subjective": "主观分"}

#: Headings and fixed words of the printed plan.
PRINTED: dict[str, Any] = {
    "overview": "项目概况",
    "goals": "总体目标",
    "service_period": "服务周期",
    "process": "招募方式和流程",
    "method": "招募方式",
    "channels": "招募通知发布渠道和公示时间",
    "times": "提交响应文件时间及地点",
    "time_responses": "递交响应文件时间：{start}至{end}。",
    "time_review": "评审时间：{start}至{end}间。",
    "time_publicity": "评审结果公示时间：{start}至{end}。",
    "submission": "提交方式及地点：{text}",
    "contacts": "招募服务商联系人",
    "contact": "{name}：{phone}",
    "expert_fee": "招募费用",
    "requirements": "资质要求",
    "evaluation": "招募方式及评审办法",
    "procedure": "评审程序",
    "invalidity": "无效响应的认定",
    "form": "资格符合性审查表",
    "form_head": ["序号", "审查项目", "评议内容", "审查结果"],
    "signature": "结论：\n评委（签名）：\n日期：     年   月   日",
    "note": "注：",
    "ranking": "招募方式",
    "scoring": "综合评分表",
    "scoring_head": ["序号", "评审要素", "类型", "评审标准", "权重分值"],
    "evidence": "（作证材料：{text}）",
    "elements": "计分要素：{listed}。",
    "needs": "招募需求",
    "needs_head": ["序号", "名称", "功能、性能、配置要求", "备注"],
    "groups": {"ukey": "Ukey", "cert": "数字证书"},
    "duties": "入选服务商的责任和义务",
    "responses": "响应文件要求",
    "copies": "响应文件的数量、签署及形式",
    "contents": "响应文件需包含的内容",
    "fees": "服务费收取及分配模式",
    "price_list": "目录价格：{text}",
    "distribution": "服务费的分配：{text}",
    "template": "响应文件模板",
    "annex": "附件{no} {title}",
}

#: What a value of the plan should be.
TYPES = {
    "table": "一节（若干个“键 = 值”）",
    "entries": "若干条目（[[…]]）",
    "list": "列表",
    "text": "文字（加英文双引号）",
    "some_text": "不为空的文字",
    "key": "编号（加英文双引号的文字，例如\"5.1\"）",
    "flag": "true或false",
    "day": "日期，例如2023-06-25",
    "hour": "24小时制的时刻，例如\"17:30\"",
    "points": "大于0的分数，例如\"10\"或\"0.5\"",
    "whole": "{least}至{most}的整数",
    "choice": "以下之一：{choices}",
    "texts": "文字列表，例如[\"1\", \"2\"]",
}

#: The report of `yinzhao plan check`.
REPORT = {
    "head": "方案检查：{path}\n必须处理{block}项，提醒{warn}项，已由补充说明处理{closed}项。",
    "block": "必须处理（{count}项，处理前不能发布）：",
    "warn": "提醒（{count}项）：",
    "closed": "已由补充说明处理（{count}项）：",
    "suggestion": "   建议：{text}",
    "closed_by": "   由补充说明{id}处理。",
    "blocked": "结论：还有必须处理的检查结果，不能发布。",
    "clean": "结论：没有未处理的必须处理项，可以发布。",
}
