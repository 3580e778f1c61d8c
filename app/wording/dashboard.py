"""Words of the staff's dashboard, of everybody's home, of reminders and of the archive."""

from __future__ import annotations

REFUSALS = {
    "reminder_nobody": "没有需要催办的人：您选中的事项刚刚已经办结。请刷新页面查看。",
    "reminder_today": "选中的事项今天都已催办过，同一事项一天只催办一次。请明天再办理，或直接电话联系。",
    "reminder_unreachable": "选中的人员既没有账号也没有电子邮箱，无法催办。请直接联系本人。",
    "reminder_choose": "请至少选中一项，或使用“催办全部”。",
}

LABELS = {
    "action": {
        "portal.work": "查看我的工作",
        "portal.dashboard": "查看项目看板",
        "portal.reminders": "查看催办",
        "portal.remind": "发出催办",
        "portal.archive": "查看归档",
    },
    "aside": {
        "suspended": "暂停",
        "resumed": "恢复",
        "re_review": "重新评审",
        "terminated": "终止",
    },
    #: Who can put right what holds a step.
    "blocked_by": {
        "findings_open": "数据产品超市工作人员",
        "supplements_unconfirmed": "数据产品超市工作人员",
        "second_publisher_needed": "另一位数据产品超市工作人员",
        "closing_not_reached": "到时自动截止，无需办理",
        "arrivals_not_closed": "数据产品超市工作人员",
        "two_persons_needed": "数据产品超市工作人员与监督人员",
        "no_review": "数据产品超市工作人员",
        "panel_incomplete": "数据产品超市工作人员与受邀的评审专家",
        "chair_missing": "评审委员会",
        "qualification_not_settled": "评审专家",
        "dispute_open": "评审专家",
        "ca_group_open": "数据产品超市工作人员与评审委员会",
        "nobody_qualified": "数据产品超市工作人员与监督人员（终止）",
        "few_candidates_undecided": "数据产品超市工作人员",
        "sheets_not_signed": "评审专家，其后由数据产品超市工作人员汇总排名",
        "report_not_signed": "评审专家",
        "publicity_dates_missing": "数据产品超市工作人员",
        "publicity_not_begun": "到时即可，无需办理",
        "publicity_running": "到时即可，无需办理",
        "objection_period_running": "到时即可；提前须由数据产品超市工作人员记录决定",
        "objection_open": "数据产品超市工作人员",
        "objection_upheld": "数据产品超市工作人员与监督人员（重新评审）",
        "notices_not_issued": "数据产品超市工作人员",
        "integration_not_started": "数据产品超市工作人员",
        "integration_not_finished": "服务商与平台对接人员",
        "service_not_over": "到时即可，无需办理",
    },
    #: The subject of a reminder.
    "reminder": {
        "late_invitation": "评审邀请待答复",
        "late_declaration": "回避声明待填写",
        "late_sheets": "评审表待签署",
        "late_votes": "争议项待表决",
        "late_report": "评审报告待签署",
        "late_clarification": "澄清待答复",
        "late_notice": "通知书待签收",
        "late_contract": "合同待签订",
        "late_integration": "对接验收项待提交",
        "late_acceptance": "验收项待验收",
        "late_extension": "延期申请待同意",
        "late_approval": "双人确认待办理",
        "late_objection": "质疑待答复",
    },
    "span": {"past": "已结束", "now": "进行中", "next": "未开始"},
}
LABELS["fact"] = dict(LABELS["reminder"])
