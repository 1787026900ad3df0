/// Why a server of this package cannot serve.
package struct ServiceError: Error {
  let code: String
  let message: String
  let hint: String?
  let isUsage: Bool

  /// - Parameters:
  ///   - code: for scripts.
  ///   - message: a sentence.
  ///   - hint: what to do about it.
  ///   - isUsage: whether an option or the configuration is wrong.
  package init(_ code: String, _ message: String, hint: String? = nil, isUsage: Bool = false) {
    (self.code, self.message, self.hint, self.isUsage) = (code, message, hint, isUsage)
  }
}
