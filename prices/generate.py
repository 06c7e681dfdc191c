#!/usr/bin/env python3
"""Writes table.txt from the data of genai-prices, and bills.txt from its arithmetic; README.md says how to run it and
what the lines mean."""

import argparse
import importlib.metadata
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from genai_prices import Usage
from genai_prices import types as source
from genai_prices.data import providers

# Our name of a price list, and its name in genai-prices.
LISTS = {
    "anthropic": "anthropic",
    "azure-openai": "azure",
    "bedrock": "aws",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "gemini": "google",
    "groq": "groq",
    "mistral": "mistral",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together": "together",
    "xai": "x-ai",
}

# Our letter of a kind, and its key in genai-prices. The rest of its keys are of things that the gateway does not count.
KINDS = {
    "i": "input_mtok",
    "r": "cache_read_mtok",
    "w": "cache_write_mtok",
    "W": "cache_write_1h_mtok",
    "a": "input_audio_mtok",
    "o": "output_mtok",
    "t": "output_reasoning_mtok",
    "A": "output_audio_mtok",
    "q": "requests_kcount",
}

# Conditions of price variants that are service tiers of a request.
SERVICE_TIERS = {
    ("processing", "batch"): "batch",
    ("service_tier", "flex"): "flex",
    ("service_tier", "priority"): "priority",
    ("service_tier", "fast"): "priority",
    ("speed", "fast"): "priority",
}

# Prices are nano-dollars for a million: what is finer is noise of floats in the source.
FINEST = Decimal("0.000000001")


def patterns(clause):
    """The names that a clause matches: `*` stands for anything, `#` for a digit. None if that cannot be said."""
    match clause:
        case source.ClauseOr():
            alternatives = [patterns(part) for part in clause.or_]
            return None if None in alternatives else [p for alternative in alternatives for p in alternative]
        case source.ClauseAnd():
            # The source takes speech out of a family so; those models have rows of their own, which come first.
            rest = [part for part in clause.and_ if not is_exclusion(part)]
            return patterns(rest[0]) if len(rest) == 1 else None
        case source.ClauseEquals():
            return [clause.equals.lower()]
        case source.ClauseStartsWith():
            return [clause.starts_with.lower() + "*"]
        case source.ClauseEndsWith():
            return ["*" + clause.ends_with.lower()]
        case source.ClauseContains():
            return ["*" + clause.contains.lower() + "*"]
        case source.ClauseRegex():
            return from_regex(clause.regex)


def is_exclusion(clause):
    return isinstance(clause, source.ClauseRegex) and clause.regex.startswith("^(?!")


def from_regex(regex):
    """Dates behind a name are all that the source needs regular expressions for."""
    if choice := re.search(r"\[([^\]]+)\]|\(\?:([^)|]*)\|([^)|]*)\)", regex):
        characters, first, second = choice.groups()
        options = list(characters) if characters else [first, second]
        expanded = [from_regex(regex[: choice.start()] + o + regex[choice.end() :]) for o in options]
        return None if None in expanded else [p for e in expanded for p in e]
    if not regex.startswith("^"):
        return None
    text = regex[1:-1] if regex.endswith("$") else regex[1:] + "*"
    text = re.sub(r"\\d\{(\d+)\}", lambda digits: "#" * int(digits[1]), text).replace(r"\d", "#")
    text = re.sub(r"\\([.\-])", r"\1", text)
    return None if re.search(r"[\\()\[\]{}+?|^$]", text) else [text.lower()]


def number(price):
    return format(price.quantize(FINEST).normalize(), "f")


def at(price, tokens):
    """A price for prompts of more than so many tokens."""
    if not isinstance(price, source.TieredPrices):
        return price
    return next((tier.price for tier in reversed(price.tiers) if tokens >= tier.start), price.base)


def steps(prices):
    """[(more than so many tokens of prompt, {letter: price})], the first for all prompts."""
    known = {letter: getattr(prices, key) for letter, key in KINDS.items() if getattr(prices, key, None) is not None}
    if "i" not in known:
        return None
    known.setdefault("o", Decimal(0))
    if "q" in known:
        known["q"] /= 1000
    starts = {tier.start for price in known.values() if isinstance(price, source.TieredPrices) for tier in price.tiers}
    return [
        (start, {letter: at(price, start if start else -1).quantize(FINEST) for letter, price in known.items()})
        for start in [0, *sorted(starts)]
    ]


def written(of_steps):
    """The prices of all prompts, then of longer ones what differs."""
    words, before = [], {}
    for start, prices in of_steps:
        words += [f">{start}"] if start else []
        words += [letter + number(price) for letter, price in prices.items() if before.get(letter) != price]
        before = prices
    return " ".join(words)


def factor(of_steps, standard):
    """What all prices are to be multiplied with, if that can be said exactly."""
    if [s for s, _ in of_steps] != [s for s, _ in standard] or not standard[0][1]["i"]:
        return None
    factor = of_steps[0][1]["i"] / standard[0][1]["i"]
    if factor != factor.quantize(FINEST):
        return None
    for (_, prices), (_, others) in zip(of_steps, standard):
        if prices.keys() != others.keys() or any(prices[k] != others[k] * factor for k in prices if k != "q"):
            return None
    return factor


def service_tiers(model, standard_prices, when):
    """Prices of service tiers on a day. History before the source began to record them is as its beginning."""
    standard = steps(standard_prices)
    variants = {}
    for variant in model.price_variants or ():
        name = SERVICE_TIERS.get(next(iter(variant.when.items()))) if len(variant.when) == 1 else None
        active = variant.constraint is None or variant.constraint.start_date <= when
        if name and active and name not in variants:
            overrides = {k: v for k, v in vars(variant.prices).items() if v is not None}
            variants[name] = source.ModelPrice(**{**vars(standard_prices), **overrides})
    words = []
    for name, prices in sorted(variants.items()):
        of_steps = steps(prices)
        by = factor(of_steps, standard)
        if by != 1 and of_steps != standard:
            words.append(f"/{name} x{number(by)}" if by else f"/{name} {written(of_steps)}")
    return "".join(" " + word for word in words)


def condition(constraint):
    match constraint:
        case None:
            return ""
        case source.StartDateConstraint():
            return constraint.start_date.isoformat() + " "
        case source.TimeOfDateConstraint():
            assert constraint.start_time.utcoffset() == constraint.end_time.utcoffset() == timedelta(0)
            return f"{constraint.start_time:%H:%M}-{constraint.end_time:%H:%M} "


def prices_of(model, day):
    """The prices of a model now and later, or None if it is not priced by tokens."""
    all_prices = current(model.prices, day)
    written_prices = []
    for i, conditional in enumerate(all_prices):
        standard = steps(conditional.prices)
        if not standard:
            return None
        starts = [c.constraint.start_date for c in all_prices[i:] if isinstance(c.constraint, source.StartDateConstraint)]
        ends = next((start for start in starts if start > begins(conditional)), date.max)
        when = min(max(begins(conditional), day), ends - timedelta(days=1))
        of_day = condition(conditional.constraint) + written(standard) + service_tiers(model, conditional.prices, when)
        written_prices.append(of_day)
    return ";".join(written_prices)


def current(prices, day):
    """Without what is over: the gateway prices what happens now."""
    if isinstance(prices, source.ModelPrice):
        return [source.ConditionalPrice(prices=prices)]
    begun = [
        i
        for i, price in enumerate(prices)
        if not isinstance(price.constraint, source.TimeOfDateConstraint) and begins(price) <= day
    ]
    first = begun[-1] if begun else 0
    return [source.ConditionalPrice(prices=prices[first].prices), *prices[first + 1 :]]


def begins(price):
    return getattr(price.constraint, "start_date", date.min)


def can_be_asked(provider, name):
    """Left out are words of other APIs: batches of OpenRouter, and models of Bedrock without their maker."""
    match provider:
        case "openrouter":
            return "/" in name and not name.endswith(":batch")
        case "aws":
            return "." in name or name.startswith("*")
        case _:
            return True


def undated(name):
    """As the gateway does with names that it does not find."""
    found = re.fullmatch(r"(.*)[-@](\d{8}|\d{4}-\d{2}-\d{2})", name)
    return found and found[1]


def from_the_start(name):
    """The gateway knows what may precede a name of Bedrock: an ARN, and a region."""
    return name.removeprefix("*").removeprefix("/") if "." in name else name


def regionless(name):
    """As the gateway does with names of Bedrock that it does not find; `global` has prices of its own."""
    found = re.fullmatch(r"(?:apac|au|ca|eu|in|jp|sa|us|us-gov)\.(.*)", name)
    return found and found[1]


def is_exact(pattern):
    return "*" not in pattern and "#" not in pattern


def rows(provider, day):
    """Names and their prices; names that are exact come first, patterns keep the order of the source."""
    exact, globs = {}, []
    for model in provider.models:
        prices = prices_of(model, day)
        names = patterns(model.match)
        if names is None:
            raise ValueError(f"cannot say what matches {provider.id}/{model.id}: {model.match}")
        if prices is None:
            continue
        if provider.id == "aws":
            names = [from_the_start(name) for name in names]
        names = [name for name in dict.fromkeys(names) if regionless(name) not in names]
        for name in names:
            if is_exact(name):
                exact.setdefault(name, prices)
        if patterned := [name for name in names if not is_exact(name) and can_be_asked(provider.id, name)]:
            globs.append((patterned, prices))
    shared = {}
    for name, prices in sorted(exact.items()):
        # A date behind a name is no other model, unless priced as one.
        if can_be_asked(provider.id, name) and exact.get(undated(name)) != prices:
            shared.setdefault(prices, []).append(name)
    yield from sorted(("|".join(names), prices) for prices, names in shared.items())
    yield from (("|".join(names), prices) for names, prices in globs)


# Prompt, cached, written, written for an hour, answer; the second is longer than every step.
REQUESTS = [(12_307, 1_024, 4_096, 512, 550), (1_300_000, 200_000, 0, 0, 7_001)]


def bills(name, provider, day):
    """What the source itself says that requests cost, in nano-dollars."""
    # Before noon, as DeepSeek's peak has begun, and in the evening.
    hours = [7, 20] if name == "deepseek" else [20]
    for model in provider.models[:: len(provider.models) // 9 + 1]:
        names = [p.replace("*", "").replace("#", "1") for p in patterns(model.match)]
        asked = next((n for n in names if can_be_asked(provider.id, n) and provider.find_model(n) is model), None)
        if asked is None or prices_of(model, day) is None:
            continue
        tiers = {SERVICE_TIERS.get(next(iter(v.when.items()))): v.when for v in model.price_variants or ()}
        for tier, context in {"standard": None, **{t: tiers[t] for t in sorted(t for t in tiers if t)}}.items():
            for hour in hours:
                for request in REQUESTS:
                    when = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
                    nano = bill(model, provider, request, when, context)
                    yield " ".join(map(str, [name, asked, tier, f"{when:%Y-%m-%dT%H:%M:%SZ}", *request, nano]))


def bill(model, provider, request, when, context):
    keys = ["input_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens", "output_tokens"]
    usage = dict(zip(keys, request))
    usage["cache_write_tokens"] += usage["cache_write_1h_tokens"]
    paid = model.calc_price(Usage(**usage), provider, genai_request_timestamp=when, price_context=context)
    return round(paid.total_price * 10**9)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("date", type=date.fromisoformat, help="when the data was taken: the version of the table")
    day = arguments.parse_args().date
    by_id = {provider.id: provider for provider in providers}
    lines = [f"{day} genai-prices {importlib.metadata.version('genai-prices')}"]
    for name, provider in sorted(LISTS.items()):
        lines.append(f"[{name}]")
        lines += [f"{names}\t{prices}" for names, prices in rows(by_id[provider], day)]
    write("table.txt", lines)
    write("bills.txt", [line for name, provider in sorted(LISTS.items()) for line in bills(name, by_id[provider], day)])


def write(name, lines):
    Path(__file__).with_name(name).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
