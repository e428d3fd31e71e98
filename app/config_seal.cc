#include "app/config_seal.h"

#include "app/find_by_name.h"
#include "app/setting_value.h"
#include "app/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir {

namespace {

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
        keep_listeners();
        keep_in_endpoints();
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

    // Endpoints come and go with a reload; of one that stays, some settings stay too.
    void keep_in_endpoints() {
        for (HttpEndpointConfig& endpoint : running_.loki) {
            if (HttpEndpointConfig* next = find_by_name(next_.loki, endpoint.name)) {
                keep_in("loki[]", fmt::format("loki[{}]", endpoint.name), &endpoint, next);
            }
        }
        for (HttpEndpointConfig& endpoint : running_.mimir) {
            if (HttpEndpointConfig* next = find_by_name(next_.mimir, endpoint.name)) {
                keep_in("mimir[]", fmt::format("mimir[{}]", endpoint.name), &endpoint, next);
            }
        }
    }

    void keep_listeners() {
        std::vector<ListenerConfig> kept;
        for (ListenerConfig& listener : running_.listeners) {
            const std::string name = fmt::format("listeners[{}]", listener.name);
            ListenerConfig* counterpart = find_by_name(next_.listeners, listener.name);
            if (counterpart == nullptr) {
                changes_.push_back(name);
                kept.push_back(listener);
                continue;
            }
            // What a listener may have depends on its transport.
            const bool as_it_is = listener.transport != counterpart->transport;
            keep_in("listeners[]", name, &listener, counterpart);
            kept.push_back(as_it_is ? listener : *counterpart);
        }
        for (const ListenerConfig& listener : next_.listeners) {
            if (find_by_name(running_.listeners, listener.name) == nullptr) {
                changes_.push_back(fmt::format("listeners[{}]", listener.name));
            }
        }
        next_.listeners = std::move(kept);
    }

    // `name` tells the item of the list whose settings begin with `scope`.
    void keep_in(std::string_view scope, const std::string& name, const SettingOwner& running,
                 const SettingOwner& next) {
        for (const Setting& setting : settings()) {
            if (setting.path.starts_with(scope)) {
                keep(setting, running, next, name + std::string(setting.path.substr(scope.size())));
            }
        }
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
