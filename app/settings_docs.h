// What is generated from the table in app/settings for people and for editors. Committed as
// docs/configuration.md and docs/weir.schema.json; a test compares.
#pragma once

#include <string>

namespace weir {

// JSON Schema, draft 2020-12, of the configuration file. Looser than the reader where a value may
// hold ${ENV}, and where settings must fit each other.
[[nodiscard]] std::string settings_json_schema();

// The reference of all settings.
[[nodiscard]] std::string settings_markdown();

}  // namespace weir
