"""Words of the award package, of checking a review against its signatures, and of the ranking's explanation."""

from __future__ import annotations

REFUSALS = {
    "award_not_ranked": "还没有形成排名，没有可以导出的评审数据。请在汇总排名之后再办理。",
    "award_names_level": "请选择名称的公开方式：real（实名）、pseudonymous（专家匿名）或 none（全部匿名）。",
    "award_names_closed": "评审结果公示之前，评审专家的姓名保密，不能导出实名的评审数据包。请选择“专家匿名”或“全部匿名”。",
    "award_not_public": "评审结果还没有公示，不能公布评审数据包。请在公示开始之后再办理。",
    "award_no_record": "没有找到确定入选的记录，无法导出评审数据包。请联系管理员核对操作日志。",
    "award_no_review": "项目还没有启封，没有可以核验的评审。",
}

LABELS = {
    "action": {
        "award.explain": "查看排名的计算过程",
        "award.check": "核验评审",
        "award.export": "导出评审数据包",
        "award.publish": "公布评审数据包",
    },
    "document": {
        "award_package": "评审数据包",
        "award_package_real": "评审数据包（实名）",
        "award_package_pseudonymous": "评审数据包（专家匿名）",
        "award_package_none": "评审数据包（全部匿名）",
    },
    "names_level": {"real": "实名", "pseudonymous": "专家匿名，服务商实名", "none": "专家和服务商均匿名"},
    "signed_kind": {
        "declaration": "回避声明",
        "qualification_sheet": "资格符合性审查表",
        "ballot": "记名表决票",
        "ca_group_ballot": "同一电子认证服务机构表决票",
        "score_sheet": "综合评分表",
        "report": "评审报告签署",
    },
    "payload_field": {
        "value": "得分",
        "passed": "结论",
        "ground": "理由",
        "remark": "备注",
        "choice": "表决",
        "cited_file": "所依据的文件",
        "cited_page": "页码",
        "reason": "说明",
        "total": "合计",
        "conclusion": "审查结论",
        "relation": "关系",
        "detail": "关系说明",
        "credit_code": "统一社会信用代码",
        "ref": "服务商",
        "position": "签署意见",
        "ranking": "排名",
        "record": "所依据的签署记录",
        "report": "报告摘要",
        "seat": "席位",
        "plan": "方案摘要",
        "number": "编号",
        "group": "分组",
    },
    "result_field": {
        "rank": "名次",
        "total": "总和",
        "seats": "席位数",
        "score": "公布得分",
        "objective_total": "客观分小计",
        "tie_steps": "并列处理",
        "ref": "引用",
        "selected": "入选名单",
        "reserve": "候补名单",
        "not_selected": "未入选名单",
        "shortfall": "空缺名额",
        "few": "家数不足的标记",
        "now": "现在的入选名单",
        "kind": "种类",
        "review": "评审",
        "plan": "招募方案",
        "seat": "席位",
    },
    "record_part": {"seat": "{}", "vendor": "{} 号服务商", "item": "第 {} 项"},
    "verify": {
        "item": "第 {item} 项",
        "older": "{where}（第 {number} 版）",
        "recomputed": "重新计算",
        "changed": "{where}：{what}签署时为“{before}”，现为“{after}”。",
        "taken": "{where}：签署的内容已缺失。",
        "version": "{where}：保存的签署内容与签署时的摘要不符。",
        "certificate": "{where}：没有席位证书，无法核对签名。",
        "signature": "{where}：签名与席位证书不符。",
        "unsigned": "{where}：标为已签署，但没有签署记录。",
        "rules": "评审规则与冻结的招募方案不一致。",
    },
    "award_difference": {
        "malformed": "{part}：内容无法读取（{why}）。",
        "file_missing": "{file}：清单中有，包中没有。",
        "file_unlisted": "{file}：包中有，清单中没有。",
        "file_changed": "{file}：内容与清单中的摘要不符。",
        "manifest_shape": "清单格式不对（{what}）。",
        "manifest_signature": "清单的签名不成立。",
        "certificate": "{who}的证书不能验证到包内的根证书（{why}）。",
        "root": "根证书的摘要为 {found}，应为 {expected}。",
        "revocations": "吊销列表不是签发机构签的。",
        "plan_digest": "招募方案的摘要为 {found}，应为 {stated}。",
        "draw": "第 {draw} 次抽取的证明不成立（{why}）。",
        "draw_missing": "缺第 {draw} 次抽取的证明。",
        "draw_foreign": "第 {draw} 次抽取的证明不是本项目的。",
        "seat_doubled": "{seat}出现两次。",
        "seat_not_drawn": "{seat}：第 {draw} 次抽取的第 {position} 位不是此人。",
        "seat_name": "{seat}：姓名与抽取证明不符。",
        "seat_stage": "{seat}：占有第 {number} 席，状态却是 {stage}。",
        "seat_count": "在席 {found} 人，方案规定 {stated} 人。",
        "seat_numbers": "席位编号不连续（{found}）。",
        "declaration": "{seat}：没有对全部服务商作出无利害关系的签署声明。",
        "vendor_doubled": "{vendor} 号服务商出现两次。",
        "vendor_name": "{vendor} 号服务商：名称和统一社会信用代码与签署时不符。",
        "record_order": "签署记录第 {no} 条次序不对。",
        "record_number": "{what}：应为第 {expected} 版，却是第 {found} 版。",
        "record_digest": "{what}：内容与签署时的摘要不符。",
        "record_signature": "{what}：签名不成立。",
        "record_key": "{what}：没有签署所用的证书。",
        "record_seat": "{what}：证书属于{found}。",
        "record_foreign": "{what}：{field} 不属于本次评审。",
        "record_vendor": "{what}：{vendor} 号服务商的引用不符。",
        "record_in_force": "{what}：应以第 {found} 版为准，现为 {stated}。",
        "record_void": "{what}：在席专家的表被标为作废。",
        "answers_missing": "{vendor} 号服务商：应有 {seats} 张已签署的资格审查表，只有 {found} 张。",
        "answer": "{what}：第 {item} 项不符合方案（{why}）。",
        "dispute_missing": "{vendor} 号服务商第 {item} 项：意见不一致，却没有表决记录。",
        "vote": "{vendor} 号服务商第 {item} 项表决：重新计算为 {found}，记录为 {stated}。",
        "vote_open": "{vendor} 号服务商第 {item} 项的表决没有结束。",
        "ballot": "{vendor} 号服务商第 {item} 项有不合规则的表决票（{why}）。",
        "group": "同一电子认证服务机构 {group}：重新计算为 {found}，记录为 {stated}。",
        "group_missing": "{vendors} 号服务商属于同一电子认证服务机构，却没有处理记录。",
        "elimination": "{vendor} 号服务商不合格的理由：重新计算为 {found}，记录为 {stated}。",
        "qualified": "{vendor} 号服务商的资格结论：重新计算为 {found}，记录为 {stated}。",
        "scores_missing": "{vendor} 号服务商：应有 {seats} 张已签署的评分表，只有 {found} 张。",
        "score": "{what}：第 {item} 项得分不符合方案（{why}）。",
        "score_items": "{what}：评分项目与方案不一致。",
        "score_total": "{what}：合计应为 {found}，写为 {stated}。",
        "objective": "{vendor} 号服务商第 {item} 项客观分不一致（{found}）。",
        "extreme": "{vendor} 号服务商第 {item} 项：{seat}的 {value} 分偏离过大，没有确认记录。",
        "lottery": "抽签所用的值不是包内对 {found} 的抽签结果。",
        "lottery_proof": "第 {draw} 次并列抽签的证明不成立（{why}）。",
        "ranked": "参加排名的服务商：重新计算为 {found}，记录为 {stated}。",
        "rank": "{vendor} 号服务商的 {field}：重新计算为 {found}，记录为 {stated}。",
        "ranking_order": "排名没有按名次排列。",
        "report_missing": "{seat}：没有签署评审报告，也没有逾期未签的记录。",
        "report_ranking": "{seat}：签署时的排名与现在不同。",
        "report_record": "{seat}：签署时的评审记录与现在不同。",
        "report_digest": "{seat}：签署的不是这份报告。",
        "report_position": "{seat}的签署意见：签名为 {found}，记录为 {stated}。",
        "selection": "入选结果 {field}：重新计算为 {found}，记录为 {stated}。",
        "substitution": "{removed} 号服务商退出后的递补：重新计算为 {found}，记录为 {stated}。",
        "fee_experts": "专家评审费合计 {found} 元，最近一次分摊按 {stated} 元。",
        "fee_lines": "第 {round} 次评审费分摊：重新计算为 {found}，记录为 {stated}。",
        "fee_payers": "分摊评审费的服务商为 {found}，入选的为 {stated}。",
        "ocds": "公开数据 {place}：重新计算为 {found}，记录为 {stated}。",
    },
}

README = """{title}：评审数据包

任何人都可以不依赖招募系统，用本包重新计算抽取、资格审查、得分、排名、入选和评审费分摊：

    python -m evaluation.recompute 本包.zip

全部一致时退出码为 0，有任何不一致时逐条列出，退出码为 1。用 --root 给出公布的根证书摘要，可以确认签名来自本招募系统。

plan/          冻结的招募方案（规则的唯一来源）
draws/         专家抽取的证明
review/        席位、服务商、全部签署记录（每一版）、表决、会议记录
result/        排名、报告签署、入选、评审费、公示
ocds/          开放合约数据标准（OCDS 1.1，含投标扩展）
certificates/  席位证书、系统证书、签发机构和根证书（试用）
manifest.json  全部文件的 SM3 摘要；signature.json 是对它的签名

名称的公开方式：{level}。签名都以席位代号作出，因此隐去姓名后仍可核验。
"""
