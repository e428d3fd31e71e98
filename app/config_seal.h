// What a reload may change: takes a new configuration and puts back what is fixed while weir runs.
#pragma once

#include "app/config.h"

namespace weir {

// Gives `next` the sealed settings of `running`: the set of listeners with their transports and
// addresses, the set of endpoints with their queues, threads, tables, files and the admin port.
// Listeners and endpoints are matched by name and keep the running order. sealed_changes() names
// what this undoes.
void keep_sealed(const Config& running, Config& next);

}  // namespace weir
