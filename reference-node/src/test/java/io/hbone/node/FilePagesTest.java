package io.hbone.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

class FilePagesTest {
    private static final String SMAPS = """
            800001000-800003000 rw-p 00001000 fe:00 42    /opt/hbone/1.AOTCache
            Rss:                   8 kB
            Anonymous:             0 kB
            VmFlags: rd wr mr mw me
            801256000-802ba8000 r--p 01256000 fe:00 42    /opt/hbone/1.AOTCache
            Rss:               25928 kB
            Anonymous:             0 kB
            VmFlags: rd mr mw me
            7ff163000000-7ff163001000 r--p 00000000 fe:00 43    /opt/jdk/lib/server/libjvm.so
            Anonymous:             4 kB
            7ff163ee3000-7ff164f6f000 r-xp 00e8c000 fe:00 43    /opt/jdk/lib/server/libjvm.so
            Anonymous:             0 kB
            7ff165000000-7ff165001000 r--p 00000000 fe:00 44    /usr/lib/libc.so.6
            Anonymous:             0 kB
            7ff166000000-7ff166001000 r--p 00000000 00:00 0
            Anonymous:             0 kB
            """;

    @Test
    void onlyTheJvmsFiles_thatHoldWhatIsInTheFile_andCannotBeWrittenTo_areReleased() {
        assertThat(FilePages.unchanged(SMAPS.lines().toList()))
                .containsExactlyInAnyOrder(
                        "801256000-802ba8000 r--p 01256000 fe:00 42    /opt/hbone/1.AOTCache",
                        "7ff163ee3000-7ff164f6f000 r-xp 00e8c000 fe:00 43    /opt/jdk/lib/server/libjvm.so");
    }

    @Test
    void nothingOfWhatCannotBeUnderstood_isReleased() {
        assertThat(FilePages.unchanged(List.of("", "Rss: 1 kB", "Anonymous:       0 kB", "- -", "x-y r--p /libjvm.so")))
                .isEmpty();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void thisJvm_givesItsLibraryBack_andGoesOn() throws IOException {
        FilePages pages = FilePages.find();
        assertThat(pages.release()).isPositive();
        assertThat(pages.release()).isPositive();
    }
}
