package io.hbone.netty.h2;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The arithmetic of flow control: plain classes, plain tables. */
class WindowsTest {

    private static final long MS = 1_000_000;
    private static final int KIB = 1024;

    // ---- SendWindow -----------------------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({
        // initial, consumed, added, accepted, available
        "65535, 0, 0, true, 65535",
        "65535, 65535, 1, true, 1",
        "65535, 0, 2147418112, true, 2147483647",
        "65535, 0, 2147418113, false, 65535",
        "2147483647, 0, 1, false, 2147483647",
        "2147483647, 2147483647, 2147483647, true, 2147483647",
        "0, 0, 2147483647, true, 2147483647",
        "100, 60, -50, true, -10",
        "2147483647, 2147483647, -2147483647, true, -2147483647",
    })
    void sendWindow_add_stopsAtTheMaximum(int initial, int consumed, int added, boolean accepted, int available) {
        SendWindow window = new SendWindow(initial);
        window.consume(consumed);
        assertThat(window.add(added)).isEqualTo(accepted);
        assertThat(window.available()).isEqualTo(available);
    }

    // ---- ConnectionReceiveWindow ----------------------------------------------------------------------------------

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 0", "24, 0", "25, 25", "26, 26", "100, 100"})
    void connectionWindow_returnsWhatArrivedInSteps(int bytes, int returned) {
        ConnectionReceiveWindow window = new ConnectionReceiveWindow(100);
        assertThat(window.arrived(bytes)).isTrue();
        assertThat(window.toReturn()).isEqualTo(returned);
        assertThat(window.toReturn()).as("once").isZero();
    }

    @Test
    void connectionWindow_arrivalBeyondIt_isAnOverrun() {
        ConnectionReceiveWindow window = new ConnectionReceiveWindow(100);
        assertThat(window.arrived(100)).isTrue();
        assertThat(window.arrived(1)).isFalse();
    }

    @Test
    void connectionWindow_overManyArrivals_neverGivesMoreThanItsSize() {
        SplittableRandom random = new SplittableRandom(1);
        ConnectionReceiveWindow window = new ConnectionReceiveWindow(64 * KIB);
        long credit = 64 * KIB;
        for (int i = 0; i < 10_000; i++) {
            int bytes = (int) Math.min(credit, random.nextInt(20_000));
            assertThat(window.arrived(bytes)).isTrue();
            credit += window.toReturn() - bytes;
            assertThat(credit).isBetween(64L * KIB - 16 * KIB, 64L * KIB);
        }
    }

    // ---- StreamReceiveWindow --------------------------------------------------------------------------------------

    private final WindowBudget budget = new WindowBudget(1 << 20);

    private StreamReceiveWindow window(int initial, int max) {
        return new StreamReceiveWindow(initial, initial, max, budget, 0);
    }

    @Test
    void streamWindow_arrivalBeyondIt_isAnOverrun() {
        StreamReceiveWindow window = window(100, 100);
        assertThat(window.arrived(100)).isTrue();
        assertThat(window.arrived(1)).isFalse();
    }

    @Test
    void streamWindow_grantedMore_acceptsThatMuch() {
        StreamReceiveWindow window = new StreamReceiveWindow(100, 300, 100, budget, 0);
        assertThat(window.arrived(300)).isTrue();
        assertThat(window.size()).isEqualTo(100);
        assertThat(window.arrived(1)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        // size, max, taken, at ms, round trip ms, announced, new size
        "100, 1000, 49, 0, 10, 0, 100", // less than half: nothing yet
        "100, 1000, 50, 19, 10, 150, 200", // half within two round trips: doubles
        "100, 1000, 50, 20, 10, 50, 100", // not within: stays
        "100, 1000, 100, 5, 10, 200, 200",
        "100, 130, 50, 5, 10, 80, 130", // to the maximum and no further
        "100, 100, 50, 5, 10, 50, 100",
        "101, 1000, 50, 5, 10, 151, 202", // an odd half is rounded down
    })
    void streamWindow_growsWhenHalfIsTakenWithinTwoRoundTrips(
            int size, int max, int taken, long at, long roundTrip, int announced, int newSize) {
        StreamReceiveWindow window = window(size, max);
        window.arrived(taken);
        assertThat(window.taken(taken, at * MS, roundTrip * MS)).isEqualTo(announced);
        assertThat(window.size()).isEqualTo(newSize);
        assertThat(budget.used()).isEqualTo(newSize - size);
    }

    @Test
    void streamWindow_takenBitByBit_countsFromTheLastReturn() {
        StreamReceiveWindow window = window(100, 10_000);
        assertThat(window.taken(50, 100 * MS, 10 * MS)).as("slow").isEqualTo(50);
        for (int i = 0; i < 49; i++) {
            assertThat(window.taken(1, 110 * MS, 10 * MS)).isZero();
        }
        assertThat(window.taken(1, 110 * MS, 10 * MS)).as("fast since then").isEqualTo(150);
    }

    @Test
    void streamWindow_budgetTooSmall_doesNotGrowAndTriesAgain() {
        WindowBudget small = new WindowBudget(99);
        StreamReceiveWindow window = new StreamReceiveWindow(100, 100, 1000, small, 0);
        assertThat(window.taken(50, 1 * MS, 10 * MS)).isEqualTo(50);
        assertThat(window.size()).isEqualTo(100);
        assertThat(small.used()).isZero();
    }

    @Test
    void streamWindow_closed_givesItsGrowthBackOnce() {
        StreamReceiveWindow window = window(100, 1000);
        window.taken(50, 1 * MS, 10 * MS);
        window.taken(100, 2 * MS, 10 * MS);
        assertThat(budget.used()).isEqualTo(300);
        window.close();
        window.close();
        assertThat(budget.used()).isZero();
    }

    /** Whatever the order of arrivals, takes and pauses: the peer never has more credit than the window's size. */
    @Test
    void streamWindow_anyOrder_keepsItsInvariants() {
        for (long seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            StreamReceiveWindow window = window(KIB, 16 * KIB);
            long credit = KIB;
            int buffered = 0;
            long now = 0;
            for (int i = 0; i < 500; i++) {
                now += random.nextInt(3) * MS;
                int arrived = (int) Math.min(credit, random.nextInt(2 * KIB));
                assertThat(window.arrived(arrived)).isTrue();
                credit -= arrived;
                buffered += arrived;
                int taken = random.nextInt(buffered + 1);
                buffered -= taken;
                credit += window.taken(taken, now, 2 * MS);
                assertThat(credit + buffered).as("seed " + seed).isLessThanOrEqualTo(window.size());
                assertThat(buffered > 0 || credit > 0).as("never stuck").isTrue();
            }
            window.close();
        }
        assertThat(budget.used()).isZero();
    }

    // ---- WindowBudget ---------------------------------------------------------------------------------------------

    @Test
    void budget_takesAllOrNothing() {
        WindowBudget process = new WindowBudget(100);
        assertThat(process.tryTake(101)).isFalse();
        assertThat(process.used()).isZero();
        assertThat(process.tryTake(100)).isTrue();
        assertThat(process.tryTake(1)).isFalse();
        process.giveBack(100);
        assertThat(process.used()).isZero();
    }

    @Test
    void budget_ofATunnel_drawsOnTheProcess() {
        WindowBudget process = new WindowBudget(100);
        WindowBudget one = process.child(80);
        WindowBudget two = process.child(80);
        assertThat(one.tryTake(81)).as("its own limit").isFalse();
        assertThat(one.tryTake(80)).isTrue();
        assertThat(two.tryTake(21)).as("the process's limit").isFalse();
        assertThat(two.used()).as("nothing kept of a failed try").isZero();
        assertThat(two.tryTake(20)).isTrue();
        assertThat(process.used()).isEqualTo(100);
        one.giveBack(80);
        two.giveBack(20);
        assertThat(process.used()).isZero();
    }

    @Test
    void budget_usedByManyThreads_isNeverExceeded() throws Exception {
        WindowBudget process = new WindowBudget(1000);
        List<Thread> threads = new ArrayList<>();
        List<Long> exceeded = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 4; i++) {
            WindowBudget tunnel = process.child(600);
            Thread thread = new Thread(() -> {
                for (int n = 0; n < 20_000; n++) {
                    if (tunnel.tryTake(300)) {
                        if (tunnel.used() > 600) {
                            exceeded.add(tunnel.used());
                        }
                        tunnel.giveBack(300);
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(exceeded).isEmpty();
        assertThat(process.used()).isZero();
    }

    // ---- FloodGuard -----------------------------------------------------------------------------------------------

    @Test
    void floodGuard_admitsItsLimitInEachWindow() {
        FloodGuard guard = new FloodGuard(3, 100, 1000);
        assertThat(List.of(guard.admit(1000), guard.admit(1050), guard.admit(1099), guard.admit(1099)))
                .containsExactly(true, true, true, false);
        assertThat(List.of(guard.admit(1100), guard.admit(1101), guard.admit(1199), guard.admit(1199)))
                .containsExactly(true, true, true, false);
        assertThat(guard.admit(5000)).isTrue();
    }

    @Test
    void floodGuard_clockThatPassesItsMaximum_isNoTrouble() {
        FloodGuard guard = new FloodGuard(1, 100, Long.MAX_VALUE - 10);
        assertThat(guard.admit(Long.MAX_VALUE)).isTrue();
        assertThat(guard.admit(Long.MIN_VALUE + 10)).isFalse();
        assertThat(guard.admit(Long.MIN_VALUE + 100)).isTrue();
    }

    // ---- RecentIds ------------------------------------------------------------------------------------------------

    @Test
    void recentIds_remembersTheLastSoMany() {
        RecentIds ids = new RecentIds(3);
        assertThat(ids.contains(1)).isFalse();
        ids.add(1);
        ids.add(3);
        ids.add(5);
        assertThat(ids.contains(1)).isTrue();
        ids.add(7);
        assertThat(ids.contains(1)).isFalse();
        assertThat(List.of(ids.contains(3), ids.contains(5), ids.contains(7))).containsOnly(true);
    }

    @Test
    void recentIds_addedAgain_takesNoSecondPlace() {
        RecentIds ids = new RecentIds(2);
        ids.add(1);
        ids.add(3);
        ids.add(3);
        assertThat(ids.contains(1)).isTrue();
        ids.add(5);
        assertThat(List.of(ids.contains(1), ids.contains(3), ids.contains(5))).containsExactly(false, true, true);
    }
}
