package io.hbone.zds.internal;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The C library's functions that are called, and the numbers they take (asm-generic headers, valid for x86_64 and aarch64). Who
 * declares {@link LastErrorException} gives the value of {@code errno} with it.
 */
interface Libc extends Library {
    Libc C = Native.load("c", Libc.class);

    int ENOENT = 2;
    int EINTR = 4;
    int EBADF = 9;
    int EMSGSIZE = 90;
    int ECONNRESET = 104;
    int ETOOMANYREFS = 109;
    int ECONNREFUSED = 111;

    int O_CLOEXEC = 0x80000;
    int F_DUPFD_CLOEXEC = 1030;
    int AT_EMPTY_PATH = 0x1000;
    int STATX_INO = 0x100;
    int NS_GET_NSTYPE = 0xb703;
    int CLONE_NEWNET = 0x40000000;

    int AF_UNIX = 1;
    int SOCK_SEQPACKET = 5;
    int SOCK_CLOEXEC = O_CLOEXEC;
    int SOL_SOCKET = 1;
    int SO_PEERCRED = 17;
    int SO_SNDTIMEO = 21;
    int SCM_RIGHTS = 1;
    int MSG_CTRUNC = 0x8;
    int MSG_TRUNC = 0x20;
    int MSG_DONTWAIT = 0x40;
    int MSG_NOSIGNAL = 0x4000;
    int MSG_CMSG_CLOEXEC = 0x40000000;
    int SHUT_RDWR = 2;

    int open(String path, int flags, Object... mode) throws LastErrorException;

    int close(int fd) throws LastErrorException;

    int fcntl(int fd, int command, Object... argument) throws LastErrorException;

    int ioctl(int fd, NativeLong request, Object... argument) throws LastErrorException;

    int statx(int directory, String path, int flags, int mask, Pointer found) throws LastErrorException;

    int setns(int fd, int type) throws LastErrorException;

    int socket(int domain, int type, int protocol) throws LastErrorException;

    int bind(int fd, Pointer address, int length) throws LastErrorException;

    int listen(int fd, int backlog) throws LastErrorException;

    int accept4(int fd, @Nullable Pointer address, @Nullable Pointer length, int flags) throws LastErrorException;

    int connect(int fd, Pointer address, int length) throws LastErrorException;

    int getsockopt(int fd, int level, int name, Pointer value, Pointer length) throws LastErrorException;

    int setsockopt(int fd, int level, int name, Pointer value, int length) throws LastErrorException;

    NativeLong sendmsg(int fd, Pointer header, int flags) throws LastErrorException;

    NativeLong recvmsg(int fd, Pointer header, int flags) throws LastErrorException;

    int shutdown(int fd, int how) throws LastErrorException;

    int geteuid();

    String strerror(int number);
}
