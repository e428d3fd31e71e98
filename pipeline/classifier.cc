#include "pipeline/classifier.h"

#include "core/assert.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir {

namespace {

// An address as one number; a compiler extension that both of ours have.
__extension__ using Wide = unsigned __int128;

constexpr std::uint32_t split_bit = 0x8000'0000U;
constexpr std::uint32_t no_class = split_bit - 1;
constexpr Wide mapped_first = Wide{0xffff'0000'0000ULL};
constexpr Wide mapped_last = Wide{0xffff'ffff'ffffULL};

std::uint64_t half(const IpAddress& address, std::size_t at) {
    std::uint64_t value = 0;
    std::memcpy(&value, address.bytes.data() + at, 8);
    return __builtin_bswap64(value);
}

Wide wide(const IpAddress& address) {
    return Wide{half(address, 0)} << 64U | half(address, 8);
}

Wide last_of(const Prefix& prefix) {
    const auto host_bits = static_cast<unsigned>(128 - prefix.length);
    const Wide hosts = host_bits == 128 ? ~Wide{0} : (Wide{1} << host_bits) - 1;
    return wide(prefix.address) | hosts;
}

struct WideRange {
    Wide start;
    std::uint32_t value;
};

void append_range(std::vector<WideRange>& ranges, Wide start, std::uint32_t value) {
    if (ranges.back().start == start) {
        ranges.back().value = value;
    } else {
        ranges.push_back({start, value});
    }
}

// Nested prefixes, sorted by start and then from general to specific, become disjoint ranges: the
// innermost prefix that is open decides.
std::vector<WideRange> flatten(const std::vector<ClassifierInput::Source>& sources) {
    struct Open {
        Wide last;
        std::uint32_t value;
    };

    std::vector<WideRange> ranges{{Wide{0}, no_class}};
    std::vector<Open> open;
    const auto close_before = [&](Wide limit) {
        while (!open.empty() && open.back().last < limit) {
            const Wide next = open.back().last + 1;
            open.pop_back();
            append_range(ranges, next, open.empty() ? no_class : open.back().value);
        }
    };
    for (const ClassifierInput::Source& source : sources) {
        const Wide start = wide(source.prefix.address);
        close_before(start);
        open.push_back({last_of(source.prefix), source.class_index});
        append_range(ranges, start, source.class_index);
    }
    close_before(~Wide{0});
    return ranges;
}

std::uint32_t value_at(const std::vector<WideRange>& ranges, Wide key) {
    const auto after =
        std::upper_bound(ranges.begin(), ranges.end(), key,
                         [](Wide wanted, const WideRange& range) { return wanted < range.start; });
    return std::prev(after)->value;
}

// Takes the IPv4-mapped ranges out of `ranges` and gives them as IPv4 ranges.
std::vector<RangeTree<std::uint32_t, 16>::Range> take_v4(std::vector<WideRange>& ranges) {
    const std::uint32_t beyond = value_at(ranges, mapped_last + 1);
    std::vector<RangeTree<std::uint32_t, 16>::Range> v4{{0, value_at(ranges, mapped_first)}};
    std::vector<WideRange> others{ranges.front()};
    bool passed = false;
    for (std::size_t i = 1; i < ranges.size(); ++i) {
        const WideRange& range = ranges[i];
        if (range.start > mapped_first && range.start <= mapped_last) {
            v4.push_back({static_cast<std::uint32_t>(range.start), range.value});
            continue;
        }
        if (range.start > mapped_last && !passed) {
            append_range(others, mapped_last + 1, beyond);
            passed = true;
        }
        append_range(others, range.start, range.value);
    }
    if (!passed) {
        append_range(others, mapped_last + 1, beyond);
    }
    ranges = std::move(others);
    return v4;
}

std::string duplicate_message(const Prefix& prefix, int first_line, int second_line) {
    return fmt::format("{} is classified twice, in lines {} and {}", prefix.to_string(),
                       std::min(first_line, second_line), std::max(first_line, second_line));
}

}  // namespace

Classifier::Classifier(Key) {}

Classifier::~Classifier() = default;

Result<std::shared_ptr<const Classifier>> Classifier::build(ClassifierInput input) {
    if (input.sources.size() > classifier_prefixes_max ||
        input.hostnames.size() > classifier_hostnames_max) {
        return fail(
            fmt::format("classification has {} prefixes and {} hostname rules; at most {} "
                        "and {} are allowed",
                        input.sources.size(), input.hostnames.size(), classifier_prefixes_max,
                        classifier_hostnames_max));
    }
    WEIR_ASSERT(input.classes.size() < no_class);
    auto made = std::make_shared<Classifier>(Key{});
    made->classes_ = std::move(input.classes);
    for (std::size_t i = 0; i < made->classes_.size(); ++i) {
        made->classes_[i].id = static_cast<std::uint32_t>(i);
    }
    std::sort(input.sources.begin(), input.sources.end(),
              [](const auto& a, const auto& b) { return a.prefix < b.prefix; });
    for (std::size_t i = 0; i < input.sources.size(); ++i) {
        const ClassifierInput::Source& source = input.sources[i];
        WEIR_ASSERT(source.class_index < made->classes_.size());
        if (i > 0 && source.prefix == input.sources[i - 1].prefix) {
            return fail(duplicate_message(source.prefix,
                                          made->classes_[input.sources[i - 1].class_index].line,
                                          made->classes_[source.class_index].line));
        }
    }
    made->add_sources(input.sources);
    Result<void> hostnames = made->add_hostnames(input.hostnames);
    if (!hostnames) {
        return fail(std::move(hostnames.error().message));
    }
    return made;
}

void Classifier::add_sources(const std::vector<ClassifierInput::Source>& sources) {
    std::vector<WideRange> ranges = flatten(sources);
    v4_ = RangeTree<std::uint32_t, 16>(take_v4(ranges));
    std::vector<RangeTree<std::uint64_t, 8>::Range> upper;
    std::uint32_t in_force = no_class;
    for (std::size_t i = 0; i < ranges.size();) {
        const auto high = static_cast<std::uint64_t>(ranges[i].start >> 64U);
        std::vector<Lower> inside;
        for (; i < ranges.size() && static_cast<std::uint64_t>(ranges[i].start >> 64U) == high;
             ++i) {
            inside.push_back({static_cast<std::uint64_t>(ranges[i].start), ranges[i].value});
        }
        if (inside.size() == 1 && inside.front().start == 0) {
            in_force = inside.front().value;
            upper.push_back({high, in_force});
            continue;
        }
        upper.push_back({high, split_bit | static_cast<std::uint32_t>(split_at_.size())});
        split_at_.push_back(static_cast<std::uint32_t>(lower_.size()));
        if (inside.front().start != 0) {
            lower_.push_back({0, in_force});
        }
        lower_.insert(lower_.end(), inside.begin(), inside.end());
        in_force = inside.back().value;
        const bool next_follows =
            i < ranges.size() && static_cast<std::uint64_t>(ranges[i].start >> 64U) == high + 1;
        if (high != ~std::uint64_t{0} && !next_follows) {
            upper.push_back({high + 1, in_force});
        }
    }
    split_at_.push_back(static_cast<std::uint32_t>(lower_.size()));
    upper_ = RangeTree<std::uint64_t, 8>(upper);
}

Result<void> Classifier::add_hostnames(const std::vector<ClassifierInput::Hostname>& rules) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_case_sensitive(false);
    options.set_never_capture(true);
    options.set_max_mem(256 * 1024);  // bounds the automaton; 4096 rules stay under 1 GiB
    for (const ClassifierInput::Hostname& rule : rules) {
        WEIR_ASSERT(rule.class_index < classes_.size());
        auto match = std::make_unique<re2::RE2>(rule.match, options);
        if (!match->ok()) {
            return fail(fmt::format("line {}: \"{}\" is not a valid expression: {}",
                                    classes_[rule.class_index].line, rule.match, match->error()));
        }
        hostnames_.push_back({std::move(match), rule.class_index});
    }
    return {};
}

const Classification* Classifier::class_at(std::uint32_t value) const {
    return value == no_class ? nullptr : &classes_[value];
}

const Classification* Classifier::classify(const IpAddress& address) const {
    const std::uint64_t high = half(address, 0);
    const std::uint64_t low = half(address, 8);
    if (high == 0 && low >> 32U == 0xffff) {
        return class_at(v4_.find(static_cast<std::uint32_t>(low)));
    }
    const std::uint32_t value = upper_.find(high);
    if ((value & split_bit) == 0) {
        return class_at(value);
    }
    const std::size_t split = value & ~split_bit;
    const auto begin = lower_.begin() + split_at_[split];
    const auto end = lower_.begin() + split_at_[split + 1];
    const auto after = std::upper_bound(
        begin, end, low, [](std::uint64_t key, const Lower& range) { return key < range.start; });
    return class_at(std::prev(after)->value);
}

const Classification* Classifier::classify_hostname(std::string_view hostname) const {
    if (hostname.empty() || hostname.size() > hostname_bytes_max) {
        return nullptr;
    }
    const re2::StringPiece text(hostname.data(), hostname.size());
    for (const HostnameRule& rule : hostnames_) {
        if (re2::RE2::FullMatch(text, *rule.match)) {
            return &classes_[rule.class_index];
        }
    }
    return nullptr;
}

std::size_t Classifier::memory_bytes() const {
    return sizeof *this + classes_.capacity() * sizeof(Classification) + v4_.memory_bytes() +
           upper_.memory_bytes() + split_at_.capacity() * sizeof(std::uint32_t) +
           lower_.capacity() * sizeof(Lower);
}

}  // namespace weir
