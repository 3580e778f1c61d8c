"""What is allowed and may be challenged: brands, regions, records, double scoring, unusual payments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from app.plan.lint.finding import Found
from app.plan.lint.subject import Subject

_BRAND = re.compile(r"品牌[为是：:限][^，。；的]*|(?:限|指定)[^，。；]{0,6}品牌|原厂(?:授权|产品)|型号(?:为|：)")
_REGION = re.compile(
    r"本地化?(?:区|服务|团队)?[^，。；]{0,8}(?:设有|设立|注册|办公|服务|团队|材料)|属地|注册地(?:在|为)"
    r"|本[省市县区](?:内|的)?(?:注册|企业|单位|纳税|业绩|项目)"
    r"|在[^，。；]{0,10}(?:本?[省市县区]|本地)[^，。；]{0,6}(?:设有|设立|注册)[^，。；]{0,4}(?:分|子)?[、，]?(?:公司|机构|办事处)"
)
_RECORD = re.compile(r"案例|业绩|同类(?:型)?的?项目|类似项目")
_WINNERS_PAY = re.compile(r"评审费[^。；]{0,12}由[^。；]{0,4}(?:入选|中选|中标|成交)[^。；]{0,8}(?:支付|承担)")


def brands(plan: Subject) -> Iterator[Found]:
    """Points or admission for named brands."""
    for place, words in _judged(plan):
        if match := _BRAND.search(words):
            yield Found("brand_named", place, {"words": match[0]})


def regions(plan: Subject) -> Iterator[Found]:
    """Points or admission for being at a place."""
    for place, words in _judged(plan):
        if match := _REGION.search(words):
            yield Found("region_favoured", place, {"words": match[0]})


def records(plan: Subject) -> Iterator[Found]:
    """Points for what a vendor did before."""
    for place, words in _judged(plan, scored_only=True):
        if match := _RECORD.search(words):
            yield Found("record_scored", place, {"words": match[0]})


def _judged(plan: Subject, *, scored_only: bool = False) -> Iterator[tuple[str, str]]:
    """Places that decide, with name and standard; what merely proves them is not judged."""
    for place, item in plan.entries("evaluation.scoring.items"):
        parts = [item, *(part for _, part in plan.entries(f"{place}.subitems"))]
        yield place, "。".join(
            text for part in parts for key in ("name", "standard", "text") if isinstance(text := part.get(key), str)
        )
    if not scored_only:
        for place, entry in plan.entries("evaluation.qualification.requirements"):
            yield place, str(entry.get("text", ""))


#: Words of every requirement that tell nothing about its subject.
_COMMON = re.compile(
    r"服务商|复印件|加盖|单位|公章|证明|材料|提供|具备|需|或者?|并|的|有效|相关|相应|作为|经|资质|要求|符合|服务"
)
#: Share of an item's subject that a requirement must hold: with the item's own name in it, and without.
_SHARED_NAMED, _SHARED = 0.15, 0.4


def scored_twice(plan: Subject) -> Iterator[Found]:
    """A scoring item that rewards what every vendor must have to take part at all.

    The subject counts (name and standard), not the papers that prove it: the same licence may prove much.
    """
    required = [
        (place, text, _fragments(text))
        for place, entry in plan.entries("evaluation.qualification.requirements")
        if (text := str(entry.get("text", "")))
    ]
    for place, item in plan.entries("evaluation.scoring.items"):
        name, own = str(item.get("name", "")), _fragments(str(item.get("standard", "")))
        for where, text, theirs in required:
            share = len(own & theirs) / len(own) if own else 0
            if share >= (_SHARED_NAMED if len(name) > 1 and name in text else _SHARED):
                facts = {"item": item.get("no", ""), "name": name, "requirement": where.rsplit(".", 1)[-1]}
                yield Found("scored_twice", place, facts)
                break


def _fragments(text: str) -> set[str]:
    """Pairs of neighbouring signs of the words that carry a subject."""
    pieces = re.split(r"[^\w]+", _COMMON.sub(" ", text))
    return {piece[at : at + 2] for piece in pieces for at in range(len(piece) - 1)}


def expert_fee(plan: Subject) -> Iterator[Found]:
    """The judged pay the judges, even through the organiser."""
    text = plan.text("publication.fees.expert")
    if plan.get("evaluation.fees.payer") == "selected" or _WINNERS_PAY.search(text):
        yield Found("expert_fee_on_winners", "publication.fees.expert")


def service_year(plan: Subject) -> Iterator[Found]:
    """A service period that runs while nothing can be sold yet."""
    golive = "onboarding.golive"
    months, free = plan.whole(f"{golive}.service_months"), plan.whole(f"{golive}.promotion_months")
    days = plan.whole("onboarding.workdays.integration_days")
    if plan.get(f"{golive}.service_from") == "contract" and months and (free or days):
        facts = {"months": months, "free": free or 0, "days": days or 0}
        yield Found("service_overlap", f"{golive}.service_from", facts)


CHECKS = (brands, regions, records, scored_twice, expert_fee, service_year)
