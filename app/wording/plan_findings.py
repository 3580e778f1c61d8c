"""The sentences of the plan linter, for staff: what is wrong, and how to settle it."""

from __future__ import annotations

#: Added to a suggestion: a draft is there, or a confirmed supplement does not help.
DRAFT = "已有补充说明草案{id}，核对后确认即可关闭本项。"
INEFFECTIVE = "补充说明{id}已确认，但它的值没有解决本项，请修改其值。"

FINDINGS: dict[str, dict[str, str]] = {
    # ---- 时间
    "closing_time_missing": {
        "text": "递交截止日为{day}，但没有写明截止的时刻，无法判断迟到。",
        "suggestion": "补充截止时刻，例如最后一日17:30。",
    },
    "dates_order": {
        "text": "时间先后不对：{first}之后应为更晚的日期，现为{second}。",
        "suggestion": "按递交、评审、公示的先后改正日期；每一阶段的开始应晚于前一阶段的结束。",
    },
    "response_period_short": {
        "text": "递交响应文件的时间只有{days}日，参照政府采购的一般要求（不少于{least}日）偏短。",
        "suggestion": "延后递交截止日，或补充说明期限足够的理由。",
    },
    "publicity_short": {
        "text": "评审结果公示只有{days}日，少于{least}日。",
        "suggestion": "延长公示时间，或补充说明理由。",
    },
    "day_off": {
        "text": "{day}不是工作日。",
        "suggestion": "改为工作日，或补充说明当日有人值守。",
    },
    # ---- 分值与评分
    "points_sum": {
        "text": "各评审要素分值合计{given}分，与满分{total}分不符。",
        "suggestion": "调整各评审要素的分值或满分，使二者相等。",
    },
    "points_unallocated": {
        "text": "评审要素{item}“{name}”共{points}分，其各项写明的分值合计{given}分，还有{left}分没有分配（未写分值的项：{without}）。",
        "suggestion": "补充各项的分值，使合计等于该评审要素的分值。",
    },
    "scale_missing": {
        "text": "评审要素{line}满分{points}分，没有写明0分与满分之间怎样给分，评委会各给各的。",
        "suggestion": "补充计分办法：按要素逐项计分（elements）、按件数计分（count）或只给满分与0分（full_or_zero）；只有主观分可以在范围内评分（range）。",
    },
    "step_missing": {
        "text": "没有写明评分的最小单位。",
        "suggestion": "补充最小单位，例如0.5分。",
    },
    "combination_missing": {
        "text": "没有写明{seats}位评委的评分怎样汇总成最终得分。",
        "suggestion": "补充汇总办法，例如全体评委总分的算术平均值，并写明保留几位小数、按什么值排名。",
    },
    "count_called_subjective": {
        "text": "评审要素{line}按件数计分，却列为主观分。",
        "suggestion": "改为客观分，或补充说明评委应判断什么、分值怎样与件数一致。",
    },
    "tie_rule_missing": {
        "text": "入选名额{quota}家，没有写明得分相同（例如在第{quota}名）时怎样排序。",
        "suggestion": "补充同分排序规则，例如依次比较客观分小计、各评审要素得分，仍相同的抽签；不得以递交先后为准。",
    },
    "tie_rule_unfinished": {
        "text": "同分排序规则的最后一步不是抽签，各步都相同时排不出先后。",
        "suggestion": "在最后增加监督人员见证的抽签（lottery）。",
    },
    "evidence_missing": {
        "text": "客观分评审要素{line}没有写明用什么材料证明。",
        "suggestion": "补充证明材料。",
    },
    # ---- 前后矛盾
    "numbers_differ": {
        "text": "同一要求的数字前后不一：此处为“{here}”，{other}为“{there}”。",
        "suggestion": "统一为同一个数字，并说明以哪一处为准。",
    },
    "text_contradicts": {
        "text": "文字写“{words}”，而{path}的值为{value}。",
        "suggestion": "改文字或改值，使二者一致。",
    },
    "copies_contradict": {
        "text": "纸质响应文件共{paper}份、其中正本{originals}份，此处却写“{words}”，份数说法不一。",
        "suggestion": "写明正本、副本各几份；不要副本的，删去有关副本的文字。",
    },
    "foreign_term": {
        "text": "出现了另一种采购方式的用语“{term}”（{places}），可能是从别的文件带来的。",
        "suggestion": "改为本方案的用语。",
    },
    # ---- 引用与缺项
    "reference_dangling": {
        "text": "引用“{words}”在方案中找不到所指的条目。",
        "suggestion": "改为所指条目的名称和编号，或删去这一引用。",
    },
    "requirement_unproved": {
        "text": "资质要求“{title}”没有对应的响应文件内容，服务商不知道在哪一项提交证明。",
        "suggestion": "在响应文件内容清单的某一项写明它证明这条要求（evidences）。",
    },
    "annex_missing": {
        "text": "“{words}”（{at}）提到附件{no}，方案没有附上。",
        "suggestion": "补充附件{no}的文本。",
    },
    "template_incomplete": {
        "text": "响应文件内容清单有{items}项，响应文件模板有{sections}部分，二者对不上：清单第{homeless}项在模板中没有位置，模板第{empty}部分没有对应的清单内容。",
        "suggestion": "写明模板各部分放清单的哪几项（responses.template.sections的items）。",
    },
    "fee_undefined": {
        "text": "提到“{words}”，但方案没有给出。",
        "suggestion": "补充其内容，或写明由谁、在什么时候、以什么方式确定并公布。",
    },
    # ---- 程序
    "start_event_missing": {
        "text": "没有写明{days}个工作日从哪一天、哪件事起算。",
        "suggestion": "补充起算的事件，例如入选通知书发出之日（当日不计入）。",
    },
    "vote_scope_missing": {
        "text": "没有写明记名表决表决的是一家服务商的某一审查项目，还是这家服务商整体。",
        "suggestion": "补充表决范围，例如按服务商、按审查项目逐项表决。",
    },
    "objection_period_missing": {
        "text": "没有写明对结果提出质疑的期限和答复的期限。",
        "suggestion": "补充期限，例如公示期满之日起7个工作日内提出、收到之日起7个工作日内答复。",
    },
    "contract_period_missing": {
        "text": "没有写明入选后多少日内签订合同。",
        "suggestion": "补充期限，例如入选通知书发出之日起30日内。",
    },
    "panel_size": {
        "text": "评审委员会{seats}人，不是三人以上的单数。",
        "suggestion": "改为三人以上的单数，或补充说明理由。",
    },
    # ---- 风险
    "brand_named": {
        "text": "指定了品牌（“{words}”），可能被认为限制竞争。",
        "suggestion": "改为技术指标，或补充说明理由和同等产品的办法。",
    },
    "region_favoured": {
        "text": "涉及地区条件（“{words}”），可能被认为差别待遇。",
        "suggestion": "改为入选后的服务能力要求，或补充说明外地服务商怎样同等计分。",
    },
    "record_scored": {
        "text": "以业绩、案例计分（“{words}”），可能被认为不合理的限制。",
        "suggestion": "补充说明案例不限地区、行业和金额，或改为对服务方案的评价。",
    },
    "scored_twice": {
        "text": "评审要素{item}“{name}”评的正是资质要求第{requirement}条已经要求的内容，凡通过资格审查的都会得分。",
        "suggestion": "改评高于资质要求的内容，或补充说明二者的区别。",
    },
    "expert_fee_on_winners": {
        "text": "专家评审费由入选服务商支付，做法少见，评审者的报酬出自被评审者。",
        "suggestion": "改由招募方支付，或补充说明由招募方统一收付、怎样分摊。",
    },
    "service_overlap": {
        "text": "服务期{months}个月自签订合同起算，而其中{days}个工作日的对接期和{free}个月的免费推广期尚不能收费。",
        "suggestion": "改为自免费推广期满起算（promotion_end），或补充说明服务期包含对接期和免费推广期。",
    },
    # ---- 文件结构
    "key_missing": {
        "text": "缺少必须的“{key}”。",
        "suggestion": "补上这一项；写法见方案文件说明。",
    },
    "key_unknown": {
        "text": "不认识的键“{key}”，没有任何环节会读取它。",
        "suggestion": "核对拼写或删去；此处可用的键：{known}。",
    },
    "key_doubled": {
        "text": "编号“{key}”在同一列表中出现了两次。",
        "suggestion": "改用不同的编号。",
    },
    "value_wrong": {
        "text": "值“{given}”不合要求，应为{expected}。",
        "suggestion": "按要求的写法改正。",
    },
    "section_unreadable": {
        "text": "这里的值不符合规则的要求（{why}），评审或对接时无法读取。",
        "suggestion": "核对这一节的值；写法见方案文件说明。",
    },
    # ---- 补充说明
    "supplement_unusable": {
        "text": "这条补充说明的值不能生效：{why}",
        "suggestion": "改正其path、replace或value。",
    },
    "supplement_idle": {
        "text": "这条补充说明所处理的检查结果（{finding}，{place}）不存在。",
        "suggestion": "核对finding和place；所述问题已在正文中改正的，删去这条补充说明。",
    },
}
