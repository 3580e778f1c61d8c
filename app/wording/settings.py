"""Words of the settings that only the operations manual lists; the others stand with the administrator's page."""

from __future__ import annotations

LABELS = {
    "setting": {
        "database_url": "数据库地址；空为数据文件夹中的 SQLite，PostgreSQL 写作 `postgresql+psycopg://用户:密码@主机/库`",
        "base_url": "对外地址，用于邮件中的链接和公开接口；空为 `http://host:port`",
        "secret_key": "会话签名密钥；空为首次启动时生成并保存在数据文件夹",
        "max_response_bytes": "一家服务商一次响应的文件总量上限（字节）",
        "max_response_files": "一家服务商一次响应的文件数上限",
        "max_open_uploads": "同时未传完的上传数上限",
        "smtp_user": "SMTP 用户名；空为不登录",
        "smtp_password": "SMTP 密码",
        "trial_ca_password": "试用 CA 密钥的口令；空为首次使用时生成并与密钥放在一起",
        "signing_tries": "签名口令连续输错的次数上限，达到后该席位的密钥锁定",
        "signing_minutes": "输入一次签名口令后，在同一浏览器中可继续签名的时间（分钟）",
        "seat_certificate_days": "席位签名证书的有效天数",
        "trust_folder": "验真时作为正式信任的证书文件夹（PEM 或 DER，可含 CRL）；空为只信任本系统的试用 CA",
        "verify_max_bytes": "验真页面和接口接收的文件上限（字节）",
        "verify_memory_bytes": "一次验真的进程可用的内存（字节），文件本身的大小另计",
        "verify_cpu_seconds": "一次验真的处理器时间上限（秒），文件每 20 MB 另加 1 秒",
        "verify_wall_seconds": "一次验真的总时间上限（秒），文件每 20 MB 另加 2 秒",
        "verify_at_once": "一个服务进程同时进行的验真数",
        "verify_keep_hours": "验真报告的保留时间（小时）；上传的文件验证后立即删除",
        "s3_endpoint": "S3 服务地址；空为 AWS",
        "s3_access_key": "S3 访问密钥标识",
        "s3_secret_key": "S3 访问密钥",
    }
}
