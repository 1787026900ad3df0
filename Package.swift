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

/// What only the trait Gateway brings.
let hasGateway = TargetDependencyCondition.when(traits: ["Gateway"])
func hummingbird(_ product: String) -> Target.Dependency {
  .product(name: product, package: "hummingbird", condition: hasGateway)
}
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio", condition: hasGateway)
let httpTypes = Target.Dependency.product(
  name: "HTTPTypes", package: "swift-http-types", condition: hasGateway)
let logging = Target.Dependency.product(name: "Logging", package: "swift-log", condition: hasGateway)
let serviceLifecycle = Target.Dependency.product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: hasGateway)
let unixSignals = Target.Dependency.product(
  name: "UnixSignals", package: "swift-service-lifecycle", condition: hasGateway)

let package = Package(
  name: "tenantctl",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Tenancy", targets: ["Tenancy"]),
    .executable(name: "tenantctl", targets: ["tenantctl"]),
    .library(name: "TenancyHummingbird", targets: ["TenancyHummingbird"]),
    .executable(name: "tenantctl-gateway", targets: ["tenantctl-gateway"]),
  ],
  traits: [
    .trait(
      name: "Gateway", description: "The targets on Hummingbird: tenantctl-gateway and TenancyHummingbird.")
  ],
  dependencies: [
    .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
    // Without the trait SwiftPM fetches none of these, and the targets that use them are empty.
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0", traits: []),
    .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
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
      name: "TenancyHummingbird",
      dependencies: ["Tenancy", hummingbird("Hummingbird"), logging, serviceLifecycle],
      swiftSettings: strict),
    .target(
      name: "TenantctlGateway",
      dependencies: [
        "TenancyHummingbird", "TenantctlCommands", "Arguments", "Tenancy", hummingbird("Hummingbird"),
        hummingbird("HummingbirdCore"),
        httpTypes, logging, nioCore, serviceLifecycle, unixSignals,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "tenantctl-gateway", dependencies: ["TenantctlGateway", "TenantctlCommands"],
      exclude: ["tenantctl-gateway.service.in"], swiftSettings: strict),
    // What `make bench` measures tenantctl-gateway against.
    .executableTarget(
      name: "ConstantRoute", dependencies: [hummingbird("Hummingbird"), logging],
      path: "Benchmarks/ConstantRoute", swiftSettings: strict),

    .target(
      name: "TestSupport", dependencies: ["TenancyPostgres", "Tenancy"], path: "Tests/Support",
      exclude: ["newest-postgres.txt"], swiftSettings: strict),
    .testTarget(name: "ArgumentsTests", dependencies: ["Arguments"], swiftSettings: strict),
    .testTarget(name: "TenancyPostgresTests", dependencies: ["TenancyPostgres"], swiftSettings: strict),
    .testTarget(name: "SQLTextTests", dependencies: ["SQLText", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "TenancyTests",
      dependencies: ["TenancyPostgres", "SQLText", "Tenancy", "TenantctlCommands", "TestSupport"],
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
    .testTarget(
      name: "GatewayTests",
      dependencies: [
        "Arguments", "TenantctlCommands", "TenantctlGateway", "TenancyHummingbird", "Tenancy",
        "TenancyPostgres", "TestSupport",
        httpTypes,
        hummingbird("Hummingbird"), logging, serviceLifecycle,
      ],
      swiftSettings: strict),
  ]
)
