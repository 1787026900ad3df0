// The functions that only hash. EVP, which OpenSSL prefers, sets all of OpenSSL up before its first digest, its
// configuration file included: that is a millisecond of each start.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
