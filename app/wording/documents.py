"""Words of issued documents."""

from __future__ import annotations

REFUSALS = {
    "document_fonts_missing": "文档字体缺失（{names}），暂时不能生成文件。请管理员运行 make setup 后重试。",
    "document_not_ready": "“{title}”现在还不能生成：{hint}",
    "document_none_in_stage": "“{stage}”阶段还没有已生成的文件，打印包没有内容。请先在相应页面生成文件。",
}

EVENTS = {
    "document.issued": "生成文件",
    "document.printed_all": "打包下载阶段文件",
    "document.ordered": "交办生成文件",
}

LABELS = {
    "action": {
        "document.read": "查看文件",
        "document.list": "查看文件清单",
        "document.print_all": "打包下载阶段文件",
        "document.order": "生成文件",
    },
    "document": {
        "notice": "招募公告",
        "plan": "招募方案",
        "amendment": "补充（更正）公告",
        "receipt": "响应文件递交回执",
        "opening_record": "响应文件启封记录",
        "qualification_form": "资格符合性审查表",
        "score_sheet": "综合评分表",
        "own_forms": "评审专家签署表",
        "score_summary": "评分汇总表",
        "score_matrix": "评分矩阵（电子表格）",
        "response_register": "响应文件登记表（电子表格）",
        "review_report": "评审报告",
        "result_notice": "评审结果公示",
        "answer": "质疑答复书",
        "supplementary_notice": "评审结果补充公示",
        "selection_notice": "入选（结果）通知书",
        "acceptance_report": "对接验收报告",
        "fees_list": "专家签到与评审费清单",
    },
    "audience": {"public": "公开", "owner": "服务商本单位", "panel": "评审委员会", "seat": "评委本人", "staff": "招募方与监督"},
}
LABELS["tie_step"] = {
    "score": "最终得分",
    "objective_subtotal": "客观分小计",
    "items_by_weight": "按权重由高到低逐项比较",
    "lottery": "监督下抽签",
}
#: What the minutes may name; other facts are for programs.
LABELS["minute_fact"] = {
    "candidate": "服务商编号",
    "item": "项目",
    "value": "分值",
    "old": "原",
    "new": "新",
    "median": "其余评委中位数",
    "yes": "同意票",
    "seats": "席位",
    "chosen": "确定的服务商编号",
    "cause": "事由",
}
LABELS["requirement_group"] = {
    "std": "服务标准",
    "ukey": "Ukey",
    "cert": "数字证书",
    "apply": "印章申领",
    "manual": "手动制作印章",
    "sign": "基础签章",
    "custom": "定制化签章",
    "verify": "验真",
    "lra": "数字证书在线签发部署（LRA）",
    "duty": "责任和义务",
}
