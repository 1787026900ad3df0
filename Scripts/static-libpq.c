/* What libpq calls of LDAP and GSSAPI (Kerberos), each function loaded when it is called.

   Few connections need either: LDAP is for a service file that names a directory (PostgreSQL manual, 34.18), GSSAPI for
   a server that asks for it and for a client that holds a ticket (34.1.2, gssencmode). Linked as usual, the two bring
   twenty libraries into every process. Where one is not installed, libpq goes on as if it had no use for it, or says
   that it failed. The signatures are those of RFC 2744 and of ldap(3). */

#include <dlfcn.h>
#include <stddef.h>
#include <sys/time.h>

/* The names of the shared libraries: GSSAPI_LIBRARY and LDAP_LIBRARY, as Scripts/static-libpq finds them in libpq.so. */

static void *function(const char *library, const char *name) {
  void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL); /* Loaded once; from then on only counted. */
  return handle ? dlsym(handle, name) : NULL;
}

#define FORWARD(library, type, name, parameters, arguments, otherwise) \
  type name parameters {                                               \
    type(*real) parameters = function(library, #name);                 \
    return real ? real arguments : otherwise;                          \
  }

/* GSSAPI: OM_uint32 is `status`; names, credentials, contexts and buffers are only passed on. */

typedef unsigned status;
enum { GSS_S_FAILURE = 13 << 16 };

#define GSS(name, parameters, arguments) FORWARD(GSSAPI_LIBRARY, status, name, parameters, arguments, GSS_S_FAILURE)

/* {iso(1) member-body(2) us(840) mit(113554) infosys(1) gssapi(2) generic(1) service_name(4)}, RFC 2744 section 4.1. */
static struct {
  status length;
  void *elements;
} host_based_service = {10, "\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04"};
void *GSS_C_NT_HOSTBASED_SERVICE = &host_based_service;

GSS(gss_acquire_cred,
    (status *minor, void *name, status time, void *mechanisms, int usage, void *cred, void *actual, status *left),
    (minor, name, time, mechanisms, usage, cred, actual, left))
GSS(gss_delete_sec_context, (status *minor, void *context, void *token), (minor, context, token))
GSS(gss_display_status, (status *minor, status value, int type, void *mechanism, status *more, void *text),
    (minor, value, type, mechanism, more, text))
GSS(gss_import_name, (status *minor, void *text, void *type, void *name), (minor, text, type, name))
GSS(gss_init_sec_context,
    (status *minor, void *cred, void *context, void *target, void *mechanism, status flags, status time, void *bindings,
     void *received, void *actual, void *sent, status *granted, status *left),
    (minor, cred, context, target, mechanism, flags, time, bindings, received, actual, sent, granted, left))
GSS(gss_release_buffer, (status *minor, void *buffer), (minor, buffer))
GSS(gss_release_cred, (status *minor, void *cred), (minor, cred))
GSS(gss_release_name, (status *minor, void *name), (minor, name))
GSS(gss_unwrap, (status *minor, void *context, void *wrapped, void *plain, int *sealed, status *quality),
    (minor, context, wrapped, plain, sealed, quality))
GSS(gss_wrap, (status *minor, void *context, int seal, status quality, void *plain, int *sealed, void *wrapped),
    (minor, context, seal, quality, plain, sealed, wrapped))
GSS(gss_wrap_size_limit, (status *minor, void *context, int seal, status quality, status wrapped, status *plain),
    (minor, context, seal, quality, wrapped, plain))

/* LDAP. Without the library ldap_init fails, and nothing else is called. */

#define LDAP(type, name, parameters, arguments, otherwise) \
  FORWARD(LDAP_LIBRARY, type, name, parameters, arguments, otherwise)

LDAP(void *, ldap_init, (const char *host, int port), (host, port), NULL)
LDAP(int, ldap_set_option, (void *directory, int option, const void *value), (directory, option, value), -1)
LDAP(int, ldap_simple_bind, (void *directory, const char *who, const char *password), (directory, who, password), -1)
LDAP(int, ldap_result, (void *directory, int id, int all, struct timeval *limit, void *result),
     (directory, id, all, limit, result), -1)
LDAP(int, ldap_search_st,
     (void *directory, const char *base, int scope, const char *filter, char **attributes, int typesOnly,
      struct timeval *limit, void *result),
     (directory, base, scope, filter, attributes, typesOnly, limit, result), -1)
LDAP(int, ldap_count_entries, (void *directory, void *result), (directory, result), 0)
LDAP(void *, ldap_first_entry, (void *directory, void *result), (directory, result), NULL)
LDAP(void *, ldap_get_values_len, (void *directory, void *entry, const char *attribute), (directory, entry, attribute),
     NULL)
LDAP(char *, ldap_err2string, (int code), (code), "LDAP is not installed")
LDAP(int, ldap_msgfree, (void *message), (message), -1)
LDAP(int, ldap_unbind, (void *directory), (directory), -1)

void ldap_value_free_len(void *values) {
  void (*real)(void *) = function(LDAP_LIBRARY, "ldap_value_free_len");
  if (real) real(values);
}
