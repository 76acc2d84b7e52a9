package io.hbone.identity.process;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLong;

/** What the JDK does not offer of Linux. */
interface Libc extends Library {
    Libc INSTANCE = Native.load("c", Libc.class);

    /** The same on x86-64 and on arm64 (asm-generic/unistd.h). */
    NativeLong SYS_PIDFD_OPEN = new NativeLong(434);

    int EPERM = 1;
    int ESRCH = 3;
    int EMFILE = 24;
    int ENOSYS = 38;

    short POLLIN = 1;

    NativeLong syscall(NativeLong number, int pid, int flags) throws LastErrorException;

    int poll(Memory descriptors, NativeLong count, int timeoutMillis) throws LastErrorException;

    int close(int fd) throws LastErrorException;
}
