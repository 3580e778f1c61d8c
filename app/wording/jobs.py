"""Words of background work."""

from __future__ import annotations

REFUSALS = {
    "job_not_failed": "只有“未完成”的任务可以重新执行。请刷新页面查看它现在的状态。",
}

EVENTS = {"job.retried": "重新执行后台任务", "job.ordered": "交办后台任务"}

LABELS = {
    "action": {
        "job.list": "查看后台任务",
        "job.read": "查看后台任务进度",
        "job.retry": "重新执行后台任务",
        "job.all": "查看全部后台任务",
    },
    "job": {"mail": "发送邮件", "document": "生成文件", "collusion": "查找雷同线索"},
}
