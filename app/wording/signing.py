"""Words of the seats' signing keys."""

from __future__ import annotations

REFUSALS = {
    "seat_key_stage": "接受邀请之后、离开席位之前才能设置签名口令。",
    "seat_key_there": "本席位已有签名密钥。忘记口令或怀疑泄露时，请在席位页面申请更换。",
    "seat_key_not_allowed": "更换签名密钥的申请尚未经监督人员核实。核实后您会收到消息，再设置新的签名口令。",
    "seat_key_missing": "本席位还没有可用的签名密钥。请先在席位页面设置签名口令。",
    "seat_key_closed": "签署须输入签名口令。请在页面上的“签名口令”处填写后再提交。",
    "seat_key_wait": "连续输错签名口令，请等 {seconds} 秒后再试（还可试 {left} 次）。",
    "seat_key_locked": "签名口令连续输错 {tries} 次，签名密钥已锁定。请在席位页面申请更换密钥，须经监督人员核实本人；已有的签名不受影响。",
    "seat_key_of_another": "签名密钥与席位不符，不能用于本次签署。请用本人账号在自己的席位页面重新打开签名密钥。",
    "seat_key_revoked": "签名证书已吊销或锁定，不能再签署。请在席位页面查看原因；仍在席的可以申请更换密钥。",
    "seat_key_expired": "签名证书不在有效期内，不能签署。请在席位页面申请更换密钥。",
    "seat_key_lost_kind": "请选择更换密钥的情形：忘记口令，或怀疑口令泄露。",
    "seat_key_supervisor": "更换密钥由监督人员核实本人后准许，工作人员和管理员不能代办。",
    "seat_key_no_request": "本席位没有等待核实的更换申请，请刷新页面。",
    "passphrase_wrong": "签名口令不正确，没有签署。还可以再试 {left} 次，之后签名密钥锁定。",
    "passphrase_short": "签名口令至少 {least} 个字符，现在是 {length} 个。",
    "passphrase_long": "签名口令最多 {most} 个字符。",
    "passphrase_is_login": "签名口令不能与登录名相同。",
    "passphrase_weak": "这个签名口令太常见，请换一个更难猜的。",
    "passphrase_is_password": "签名口令不能与登录密码相同：登录密码可以由管理员重设，签名口令只有您本人知道。",
    "passphrase_repeat": "两次输入的签名口令不一致，请重新输入。",
}

EVENTS = {
    "seat_key.made": "设置签名口令，签发席位证书",
    "seat_key.opened": "打开签名密钥",
    "seat_key.closed": "锁上签名密钥",
    "seat_key.wrong_passphrase": "签名口令错误",
    "seat_key.locked": "签名口令多次错误，密钥锁定",
    "seat_key.revoked": "吊销席位证书",
    "seat_key.renewal_allowed": "监督人员准许更换签名密钥",
    "seal.made": "制作招募项目的试用电子印章",
}

LABELS = {
    "action": {
        "seat.key": "使用席位的签名密钥",
        "seat.renew_key": "准许更换签名密钥",
        "seat.certificate": "下载席位证书",
    },
    "key_lost": {"forgotten": "忘记签名口令", "compromised": "怀疑口令泄露"},
    "panel_message": {"seat_key.lost": "更换签名密钥须核实", "seat_key.allowed": "可以重新设置签名口令"},
    "crl_reason": {
        "0": "未说明",
        "1": "密钥泄露",
        "3": "从属关系改变",
        "4": "被新证书取代",
        "5": "停止使用",
    },
    "fact": {
        "serial": "证书序列号",
        "tries": "连续错误次数",
        "crl_reason": "吊销原因代码",
        "until": "有效至",
    },
}
