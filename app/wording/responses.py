"""Words of the responses."""

from __future__ import annotations

REFUSALS = {
    "response_not_accepting": "现在不在响应文件递交时间内（服务器时间 {now}），不能办理。请查看公告中的起止时间。",
    "response_not_own": "这不是贵公司的响应文件，您不能办理。请用本公司成员的账号登录。",
    "response_not_vendor": "只有服务商可以响应。请先以服务商身份注册单位。",
    "response_other_role": "您在本次招募中已担任其他职责，不能同时代表服务商。请由公司其他成员办理。",
    "response_wrong_stage": "响应文件当前的状态不能办理这一步。请刷新页面后再试。",
    "response_item_unknown": "招募方案中没有这一内容项。请从清单中选择。",
    "response_manifest_changed": "文件清单在您查看之后有变动，尚未递交。请核对新的清单后再次递交。",
    "response_no_files": "还没有上传任何文件，不能递交。请先上传响应文件。",
    "response_items_missing": "内容项 {listed} 还没有文件。请补齐，或确认缺项后再递交。",
    "response_file_empty": "文件是空的。请检查原文件后重新上传。",
    "response_file_too_big": "文件超过允许的大小。请压缩或拆分后重新上传。",
    "response_file_unknown": "文件内容不是 PDF、OFD、PNG、JPEG、ZIP 或 DOCX（只改文件名不起作用）。请转换格式后上传。",
    "response_file_damaged": "文件损坏或不完整，无法打开。请检查原文件后重新上传。",
    "response_file_encrypted": "PDF 设有打开密码。请去除密码后重新上传。",
    "response_file_bomb": "文件解开后过大，不能接收。请减小图片或拆分压缩包后上传。",
    "response_file_traversal": "压缩包内有不安全的路径。请重新打包后上传。",
}
EVENTS = {
    "response.begun": "开始编制响应文件",
    "response.file_added": "上传文件",
    "response.file_removed": "移除文件",
    "response.submitted": "递交响应文件",
    "response.replaced": "重新递交响应文件",
    "response.withdrawn": "撤回响应文件",
    "response.opened": "启封响应文件",
}
