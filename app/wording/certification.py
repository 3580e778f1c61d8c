"""Words of the trial authority's administration."""

from __future__ import annotations

REFUSALS = {
    "ca_revoked_already": "这张证书已经吊销，不能重复吊销。",
    "ca_typed": "请核对后输入证书序列号的最后 {count} 位，以确认吊销的是这一张。",
    "ca_password_wrong": "现用密码不正确（即配置项 trial_ca_password 的现值），没有更换。",
    "ca_password_short": "新密码至少 {least} 个字符。",
    "ca_password_repeat": "两次输入的新密码不一致，请重新输入。",
    "ca_ocsp_size": "OCSP 请求超过 {most} KB，未予处理。",
}

EVENTS = {
    "ca.certificate_revoked": "试用证书机构：吊销证书",
    "ca.password_changed": "试用证书机构：更换密钥文件的密码",
    "seal.revoked": "吊销招募项目的试用电子印章",
}

LABELS = {
    "action": {"ca.public": "查询试用证书状态", "ca.manage": "管理试用证书机构"},
    "ca_kind": {"vendor": "服务商", "seat": "评审席位", "seal": "电子印章"},
    "ca_use": {
        "signing": "服务商签名",
        "encryption": "服务商加密",
        "seat": "评审席位签名",
        "seal": "用章签名",
        "maker": "制章签名",
    },
    "ca_state": {"in_force": "有效", "expired": "已过期", "revoked": "已吊销"},
    "ca_key": {"authority": "试用根证书和签发证书的私钥", "system": "本系统签署回执的私钥"},
    "ca_effect": {
        "vendor": "该服务商的签名证书和加密证书一并吊销，这把密钥不能再申请证书；已完成的测试记录保留。",
        "seat": "该席位立即不能签署，须由本人重新设置签名口令（监督人员核实后）；此前的签名仍可验证，并注明吊销时间。",
        "seal": "用章和制章证书一并吊销，下一份文件自动启用新印章；已盖章的文件仍可验证，并注明吊销时间。",
    },
    "fact": {"certificate_kind": "证书类别"},
    "code": {
        "ca_setting": "配置项",
        "ca_file": "密钥文件旁的文件",
        "ca_vendor": "服务商",
        "ca_seat": "评审席位",
        "ca_seal": "电子印章",
    },
}
