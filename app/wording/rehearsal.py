"""Words of the rehearsal and the samples."""

from __future__ import annotations

REFUSALS = {
    "rehearsal_vendors": "服务商家数太少：按方案的名额与角色安排，至少需要 {least} 家。请用 --vendors 指定更多。",
    "rehearsal_experts": "专家库人数太少：至少需要 {least} 人（席位数加一名候补）。请用 --experts 指定更多。",
    "samples_there": "数据库里已有招募项目，没有重复载入样例。",
}
