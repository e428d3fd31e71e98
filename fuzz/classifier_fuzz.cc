// A table of any prefixes against the definition: the longest prefix that contains the address, by
// a linear scan. Input: how many prefixes, then for each a length and 16 bytes, then addresses.
#include "core/assert.h"
#include "pipeline/classifier.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace {

weir::IpAddress read_address(const std::uint8_t*& data, std::size_t& size) {
    weir::IpAddress address;
    const std::size_t taken = std::min<std::size_t>(size, 16);
    std::memcpy(address.bytes.data(), data, taken);
    data += taken;
    size -= taken;
    return address;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weir;
    if (size == 0) {
        return 0;
    }
    const std::size_t count = *data++ % 64;
    --size;
    ClassifierInput input;
    std::vector<Prefix> prefixes;
    for (std::size_t i = 0; i < count && size > 0; ++i) {
        Prefix prefix{.length = *data++ % 129};
        --size;
        prefix.address = read_address(data, size);
        for (int bit = prefix.length; bit < 128; ++bit) {
            auto& byte = prefix.address.bytes[static_cast<std::size_t>(bit / 8)];
            byte = static_cast<std::uint8_t>(byte & ~(0x80 >> bit % 8));
        }
        input.sources.push_back({prefix, static_cast<std::uint32_t>(prefixes.size())});
        input.classes.emplace_back();
        prefixes.push_back(prefix);
    }
    std::vector<Prefix> sorted = prefixes;
    std::sort(sorted.begin(), sorted.end());
    const bool twice = std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
    const auto classifier = Classifier::build(std::move(input));
    WEIR_ASSERT(classifier.has_value() != twice);
    const auto check = [&](const IpAddress& address) {
        const Prefix* best = nullptr;
        for (const Prefix& prefix : prefixes) {
            if (prefix.contains(address) && (best == nullptr || prefix.length > best->length)) {
                best = &prefix;
            }
        }
        const Classification* found = (*classifier)->classify(address);
        WEIR_ASSERT((found == nullptr) == (best == nullptr));
        WEIR_ASSERT(best == nullptr || prefixes[found->id] == *best);
    };
    while (classifier && size > 0) {
        check(read_address(data, size));
    }
    // Where a prefix begins and just before it, and just past its end, are where mistakes live.
    for (std::size_t i = 0; classifier && i < prefixes.size(); ++i) {
        IpAddress edge = prefixes[i].address;
        check(edge);
        for (int bit = prefixes[i].length; bit < 128; ++bit) {
            auto& byte = edge.bytes[static_cast<std::size_t>(bit / 8)];
            byte = static_cast<std::uint8_t>(byte | 0x80 >> bit % 8);
        }
        check(edge);
        for (const int step : {1, 255}) {
            IpAddress next = step == 1 ? edge : prefixes[i].address;
            for (std::size_t at = 16; at-- > 0;) {
                next.bytes[at] = static_cast<std::uint8_t>(next.bytes[at] + step);
                if (next.bytes[at] != (step == 1 ? 0 : 255)) {
                    break;
                }
            }
            check(next);
        }
    }
    return 0;
}
