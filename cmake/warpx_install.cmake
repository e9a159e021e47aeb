# SPDX-License-Identifier: Apache-2.0
# Installation: headers, the exported target, and the package files that find the dependencies on the user's machine.
include(CMakePackageConfigHelpers)

set(warpx_package_dir "${CMAKE_INSTALL_DATADIR}/cmake/warpx") # no library: independent of the architecture
if(CMAKE_VERSION VERSION_GREATER_EQUAL 3.23)
    install(TARGETS warpx EXPORT warpx_targets FILE_SET HEADERS)
else()
    install(TARGETS warpx EXPORT warpx_targets)
    install(DIRECTORY include/warpx DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
endif()
install(EXPORT warpx_targets NAMESPACE warpx:: DESTINATION "${warpx_package_dir}")
configure_package_config_file(cmake/warpxConfig.cmake.in "${PROJECT_BINARY_DIR}/warpxConfig.cmake"
                              INSTALL_DESTINATION "${warpx_package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/warpxConfigVersion.cmake" COMPATIBILITY SameMinorVersion
                                 ARCH_INDEPENDENT)
install(FILES "${PROJECT_BINARY_DIR}/warpxConfig.cmake" "${PROJECT_BINARY_DIR}/warpxConfigVersion.cmake"
              cmake/Finddlpack.cmake cmake/warpx_cuda.cmake cmake/warpx_module.cmake DESTINATION "${warpx_package_dir}")
# The Python package, which writes stubs. A wheel holds it already, around these files.
if(NOT SKBUILD)
    install(DIRECTORY python/warpx DESTINATION "${CMAKE_INSTALL_DATADIR}/warpx/python" FILES_MATCHING PATTERN "*.py")
endif()
install(FILES LICENSE DESTINATION "${CMAKE_INSTALL_DATADIR}/licenses/warpx")
