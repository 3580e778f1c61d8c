"""From the plan to the opened responses: publication, vendors, counter, opening."""

from __future__ import annotations

import io
from datetime import timedelta

from app import clock
from app.errors import Refusal
from app.extensions import unit_of_work
from app.publication import actions as publication
from app.publication.channels import channels, record_channel_proof
from app.publication.questions import answer_question, ask_question
from app.rehearsal import people
from app.rehearsal.cast import INCOMPLETE, LATE, Vendor
from app.rehearsal.files import content_pdf, sealed_pdf
from app.rehearsal.walk import Walk, day_after
from app.responses import actions as responses
from app.responses import counter, opening
from app.responses.package import digest_of, is_required, items_of, manifest

#: How many content items the incomplete vendor leaves out, counted from the last required one.
LEFT_OUT = 2


def publish(walk: Walk) -> None:
    """The plan is loaded, its supplements confirmed, and two of the staff publish it."""
    walk.offices = people.make_offices(walk.cast)
    staff = walk.office("staff")
    recruitment = publication.create_recruitment(
        actor=staff, organiser=people.organiser(), plan=walk.plan, title=walk.title
    )
    walk.recruitment = recruitment
    if walk.sample:
        with unit_of_work():
            recruitment.is_sample = True
    people.enrol(walk.offices, recruitment, "staff")
    publication.confirm_supplements(actor=staff, recruitment=recruitment)
    publication.ask_publication(actor=staff, recruitment=recruitment)
    walk.hand.pass_time(hours=1)
    publication.publish(actor=walk.office("staff2"), recruitment=recruitment)
    for channel in channels(recruitment):
        record_channel_proof(
            actor=staff, recruitment=recruitment, channel=channel["name"], note="已在该渠道发布（样例记录）。"
        )
    walk.say(f"公告已发布，方案 SM3 {str(recruitment.plan_digest)[:16]}…")


def register(walk: Walk) -> None:
    """Every vendor of the cast has its account."""
    for vendor in walk.cast.vendors:
        walk.vendors[vendor.credit_code] = vendor
        walk.companies[vendor.credit_code] = people.make_vendor(vendor)
    walk.say(f"{len(walk.vendors)} 家服务商已注册")


def ask(walk: Walk) -> None:
    """A vendor asks on the plan, the answer is published to all."""
    code = walk.cast.vendors[0].credit_code
    question = ask_question(
        actor=walk.vendor(code),
        recruitment=walk.recruitment,
        text="电子版响应文件是否需要另加电子签章？",
        place="响应文件要求",
    )
    walk.hand.pass_time(hours=3)
    answer_question(
        actor=walk.office("staff"),
        question=question,
        answer="不需要。电子版为加盖单位公章后的扫描文件，未含电子签章不影响有效性。",
    )


def _fill(walk: Walk, vendor: Vendor, *, sealed: bool = False) -> None:
    actor, code = walk.vendor(vendor.credit_code), vendor.credit_code
    response = responses.begin(actor=actor, recruitment=walk.recruitment, organisation=walk.companies[code][0])
    walk.responses[code] = response
    responses.set_details(
        actor=actor,
        response=response,
        contact_name=vendor.agent,
        contact_phone=f"0898-0000{vendor.number:04d}",
        ca_name=vendor.ca_name,
        ca_licence=vendor.ca_licence,
    )
    items = [item for item in items_of(walk.recruitment) if is_required(item)]
    if vendor.part == INCOMPLETE:
        items = items[:-LEFT_OUT]
    sealing = next((item for item in items if item.get("legal_seal")), None) if sealed else None
    for item in items:
        data = content_pdf(vendor, item)
        title = str(item["title"]).rstrip("。")[:30]
        responses.add_file(
            actor=actor,
            response=response,
            item=str(item["no"]),
            name=f"{item['no']}-{title}（样例）.pdf",
            source=io.BytesIO(sealed_pdf(vendor, data) if item is sealing else data),
        )


def _submit(walk: Walk, vendor: Vendor) -> None:
    response = walk.responses[vendor.credit_code]
    responses.submit(
        actor=walk.vendor(vendor.credit_code),
        response=response,
        seen_sm3=digest_of(manifest(response)),
        accept_missing=vendor.part == INCOMPLETE,
    )


def respond(walk: Walk, *, count: int | None = None) -> None:
    """The vendors fill and submit their responses over the days; one comes after the closing time.

    `count` lets only the first so many submit, for a sample that is still accepting.
    """
    opens, closes = walk.schedule["responses_open"], walk.schedule["responses_close"]
    closing = walk.recruitment.closes_at
    assert closing is not None
    span = max(1, (closes - opens).days)
    on_time = [vendor for vendor in walk.cast.vendors if vendor.part != LATE][:count]
    for index, vendor in enumerate(on_time):
        walk.hand.to(day_after(opens, index * span // max(1, len(on_time))), 9 + index % 8, 7 * index % 60)
        # In a sample one package shows a file with an electronic seal; a rehearsal's files are the same each time.
        _fill(walk, vendor, sealed=walk.sample and index == 0)
        walk.hand.pass_time(minutes=20)
        _submit(walk, vendor)
        walk.work()
    walk.say(f"{len(on_time)} 家已递交响应文件并取得回执")
    if count is not None:
        return
    _change_mind(walk, on_time[1])
    late = [vendor for vendor in walk.cast.vendors if vendor.part == LATE]
    for vendor in late:
        walk.hand.to(closes, clock.local(closing - timedelta(hours=1)).hour)
        _fill(walk, vendor)
    for vendor in on_time:
        walk.hand.pass_time(minutes=1)
        counter.register_arrival(
            actor=walk.office("staff"),
            recruitment=walk.recruitment,
            organisation=walk.companies[vendor.credit_code][0],
            vendor_name=vendor.name,
            copies=1,
            sealed=True,
            envelope_ok=True,
        )
    local = clock.local(closing)
    walk.hand.to(local.date(), local.hour, local.minute)
    for vendor in late:
        walk.hand.pass_time(minutes=1)
        try:
            _submit(walk, vendor)
        except Refusal as refusal:
            walk.refused.append(vendor.name)
            walk.say(f"{vendor.name} 在截止时间后递交，系统拒收（{refusal.code}）")
    walk.work()


def _change_mind(walk: Walk, vendor: Vendor) -> None:
    """One vendor withdraws and submits again before the closing time."""
    walk.hand.pass_time(minutes=5)
    responses.withdraw(
        actor=walk.vendor(vendor.credit_code), response=walk.responses[vendor.credit_code]
    )
    walk.hand.pass_time(minutes=5)
    _submit(walk, vendor)
    walk.say(f"{vendor.name} 撤回后重新递交")


def open_all(walk: Walk) -> None:
    """Staff and supervisor open the responses after the closing time."""
    walk.hand.to(walk.schedule["review_start"], 9)
    recruitment = walk.recruitment
    counter.close_arrivals(actor=walk.office("staff"), recruitment=recruitment)
    for key in ("staff", "supervisor"):
        opening.approve_opening(actor=walk.office(key), recruitment=recruitment)
    review = opening.open_responses(actor=walk.office("supervisor"), recruitment=recruitment)
    walk.work()
    walk.say(f"双人启封，{len(review.candidates)} 份响应文件")
