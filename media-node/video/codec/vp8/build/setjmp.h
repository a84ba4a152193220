/*
 * In place of the C library's: libvpx jumps back out of an error, which WebAssembly cannot. Here an error leaves the instance
 * through an import that throws, and the instance is not used again.
 */
#ifndef EDGERTC_SETJMP_H
#define EDGERTC_SETJMP_H

typedef int jmp_buf[1];

__attribute__((noreturn, import_module("codec"), import_name("fail"))) void codec_fail(void);

#define setjmp(environment) ((void)(environment), 0)
#define longjmp(environment, value) codec_fail()

#endif
