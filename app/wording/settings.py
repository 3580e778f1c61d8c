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
        "s3_endpoint": "S3 服务地址；空为 AWS",
        "s3_access_key": "S3 访问密钥标识",
        "s3_secret_key": "S3 访问密钥",
    }
}
