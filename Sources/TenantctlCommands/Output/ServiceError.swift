/// Why a server of this package cannot serve.
package struct ServiceError: Error {
  let code: String
  let message: String
  let hint: String?

  /// - Parameters:
  ///   - code: for scripts.
  ///   - message: a sentence.
  ///   - hint: what to do about it.
  package init(_ code: String, _ message: String, hint: String? = nil) {
    (self.code, self.message, self.hint) = (code, message, hint)
  }
}
