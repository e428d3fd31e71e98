// What a reload may change, by the flag `reloadable` of the table in app/settings.
#pragma once

#include "app/config.h"

#include <string>
#include <vector>

namespace weir {

// The settings that differ and can not be changed without a restart, as paths with names in place
// of indexes: "listeners[syslog-tls].address", "loki[remote]" for one that came or went. Empty when
// `next` can replace `running`.
[[nodiscard]] std::vector<std::string> sealed_changes(const Config& running, const Config& next);

// Gives `next` the sealed settings of `running`; sealed_changes() names what this undoes and is
// empty afterwards. Listeners and endpoints are matched by name and keep the running order. A
// listener whose transport differs stays as it is altogether, because its limits and certificate
// belong to that transport.
void keep_sealed(const Config& running, Config& next);

}  // namespace weir
