# Everything comes from Debian 12; the package list is packaging/debian-packages.txt.
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(simdjson 3.0 REQUIRED)
find_package(Snappy 1.1 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(Boost 1.81 REQUIRED)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
add_library(re2::re2 ALIAS PkgConfig::RE2)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
add_library(weir_zstd ALIAS PkgConfig::ZSTD)

find_path(PROTOZERO_INCLUDE protozero/varint.hpp REQUIRED)
add_library(weir_protozero INTERFACE)
target_include_directories(weir_protozero SYSTEM INTERFACE ${PROTOZERO_INCLUDE})

# Header-only Asio and Beast. One definition of the switches, so that every folder agrees on them.
add_library(weir_asio INTERFACE)
target_link_libraries(weir_asio INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(weir_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT=1)
