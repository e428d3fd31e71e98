#include "app/config_seal.h"

#include "app/setting_value.h"
#include "app/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir {

namespace {

template <class Item>
Item* find_by_name(std::vector<Item>& items, std::string_view name) {
    const auto found = std::find_if(items.begin(), items.end(),
                                    [name](const Item& item) { return item.name == name; });
    return found == items.end() ? nullptr : &*found;
}

bool replaces(const ListenerConfig& running, const ListenerConfig& next) {
    return running.transport == next.transport;
}

bool replaces(const HttpEndpointConfig&, const HttpEndpointConfig&) {
    return true;
}

// Puts the running value of every sealed setting that differs into `next` and notes its path.
class Sealing {
  public:
    Sealing(Config running, Config& next) : running_(std::move(running)), next_(next) {}

    std::vector<std::string> run() {
        for (const Setting& setting : settings()) {
            if (setting.path.find("[]") == std::string_view::npos) {
                keep(setting, &running_, &next_, setting.path);
            }
        }
        keep_list("listeners", running_.listeners, next_.listeners);
        keep_list("loki", running_.loki, next_.loki);
        if (running_.file.enabled != next_.file.enabled) {
            next_.file.enabled = running_.file.enabled;
            changes_.emplace_back("file");
        }
        return std::move(changes_);
    }

  private:
    void keep(const Setting& setting, const SettingOwner& running, const SettingOwner& next,
              std::string_view path) {
        if (setting.slot == nullptr || setting.reloadable) {
            return;
        }
        const SettingSlot from = setting.slot(running);
        const SettingSlot to = setting.slot(next);
        if (!same_value(setting, from, to)) {
            copy_value(from, to);
            changes_.emplace_back(path);
        }
    }

    template <class Item>
    void keep_list(std::string_view list, std::vector<Item>& running, std::vector<Item>& next) {
        const std::string scope = fmt::format("{}[]", list);
        std::vector<Item> kept;
        for (Item& item : running) {
            const std::string name = fmt::format("{}[{}]", list, item.name);
            Item* counterpart = find_by_name(next, item.name);
            if (counterpart == nullptr) {
                changes_.push_back(name);
                kept.push_back(item);
                continue;
            }
            const bool as_it_is = !replaces(item, *counterpart);
            for (const Setting& setting : settings()) {
                if (setting.path.starts_with(scope)) {
                    keep(setting, &item, counterpart,
                         name + std::string(setting.path.substr(scope.size())));
                }
            }
            kept.push_back(as_it_is ? item : *counterpart);
        }
        for (const Item& item : next) {
            if (find_by_name(running, item.name) == nullptr) {
                changes_.push_back(fmt::format("{}[{}]", list, item.name));
            }
        }
        next = std::move(kept);
    }

    Config running_;  // a copy, because slots are pointers to what may be changed
    Config& next_;
    std::vector<std::string> changes_;
};

}  // namespace

std::vector<std::string> sealed_changes(const Config& running, const Config& next) {
    Config changed = next;
    return Sealing(running, changed).run();
}

void keep_sealed(const Config& running, Config& next) {
    Sealing(running, next).run();
}

}  // namespace weir
