// swift-tools-version: 6.2
import PackageDescription

/// The arrows of the architecture. Each target may import what stands in its `dependencies` and
/// nothing else; `make lint` builds with the explicit import check.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "tenantctl",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Tenancy", targets: ["Tenancy"]),
    .executable(name: "tenantctl", targets: ["tenantctl"]),
  ],
  dependencies: [
    .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0")
  ],
  targets: [
    .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libpq-dev"])]),

    .target(name: "TenancyPostgres", dependencies: ["CLibPQ"], swiftSettings: strict),
    .target(name: "SQLText", swiftSettings: strict),
    .target(name: "Tenancy", dependencies: ["TenancyPostgres", "SQLText", "CCrypto"], swiftSettings: strict),
    .target(name: "Arguments", swiftSettings: strict),
    .target(
      name: "TenantctlCommands",
      dependencies: ["Arguments", "Tenancy", "SQLText", .product(name: "TOMLKit", package: "TOMLKit")],
      swiftSettings: strict),
    .executableTarget(
      name: "tenantctl", dependencies: ["TenantctlCommands"], swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["TenancyPostgres", "Tenancy"], path: "Tests/Support",
      exclude: ["newest-postgres.txt"], swiftSettings: strict),
    .testTarget(name: "ArgumentsTests", dependencies: ["Arguments"], swiftSettings: strict),
    .testTarget(name: "TenancyPostgresTests", dependencies: ["TenancyPostgres"], swiftSettings: strict),
    .testTarget(name: "SQLTextTests", dependencies: ["SQLText", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "TenancyTests", dependencies: ["TenancyPostgres", "SQLText", "Tenancy", "TenantctlCommands"],
      swiftSettings: strict),
    .testTarget(
      name: "DatabaseTests", dependencies: ["TenancyPostgres", "SQLText", "Tenancy", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "TenantctlCommands", "Arguments", "Tenancy", "TenancyPostgres", "SQLText", "TestSupport", "tenantctl",
      ],
      swiftSettings: strict),
  ]
)
