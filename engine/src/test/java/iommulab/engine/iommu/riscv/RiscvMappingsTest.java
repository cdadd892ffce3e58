package iommulab.engine.iommu.riscv;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.Stage;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

import java.util.Arrays;
import java.util.List;

/// Tables as software writes them, read by the hardware, against a map of pages that is nothing but an array.
class RiscvMappingsTest {
    private static final int PAGES = 1536;
    private static final int DEVICE = 0x77;

    /// 6 MiB around a border of 1 GiB.
    private static final long BASE = (1L << 30) - (2L << 20);

    private static final long HOST = 0x20_0000_0000L;

    /// One call of a driver.
    ///
    /// @param page first page, counted from [#BASE]
    /// @param target where it leads, counted in pages, if it maps
    record Call(boolean maps, int page, int pages, int target, Permissions permissions) {}

    @Provide
    Arbitrary<List<Call>> calls() {
        var page =
                Arbitraries.oneOf(
                        Arbitraries.integers().between(0, PAGES - 1), Arbitraries.of(0, 512, 1024));
        var pages =
                Arbitraries.oneOf(Arbitraries.integers().between(1, 40), Arbitraries.of(512, 1024));
        return Combinators.combine(
                        Arbitraries.of(true, true, false),
                        page,
                        pages,
                        Arbitraries.of(0, 512, 700),
                        Arbitraries.of(Permissions.READ, Permissions.WRITE, Permissions.READ_WRITE))
                .as((maps, first, count, target, permissions) ->
                        new Call(
                                maps,
                                first,
                                Math.min(count, PAGES - first),
                                target + first % 512,
                                permissions))
                .list()
                .ofMinSize(1)
                .ofMaxSize(8);
    }

    @Property(tries = 120)
    void theHardwareReadsWhatTheBuilderWrote(
            @ForAll("calls") List<Call> calls,
            @ForAll @IntRange(min = 3, max = 5) int levels,
            @ForAll Stage stage)
            throws MappingRefused {
        var lab = new RiscvLab(CacheShapes.USUAL);
        var tables = lab.tables(stage, levels, lab.host());
        boolean first = stage == Stage.FIRST;
        lab.device(
                DEVICE,
                0,
                first ? 0 : RiscvLab.iohgatp(tables, 3),
                3,
                first ? RiscvLab.fsc(tables) : 0);
        var plain = new long[PAGES];
        for (var call : calls) {
            boolean free = isFree(plain, call);
            if (call.maps() && free) {
                long target = HOST + ((long) call.target() << 12);
                tables.map(iova(call.page()), target, call.pages() * 4096L, call.permissions());
                fill(plain, call);
            } else if (!call.maps() && !free) {
                tables.unmap(iova(call.page()), call.pages() * 4096L);
                Arrays.fill(plain, call.page(), call.page() + call.pages(), 0);
            }
        }
        for (int page = 0; page < PAGES; page += 7) {
            assertSame(lab, plain, page, Iommu.READ, 1);
            assertSame(lab, plain, page, Iommu.WRITE, 2);
        }
    }

    /// Whether nothing is mapped there yet.
    private static boolean isFree(long[] plain, Call call) {
        return Arrays.stream(plain, call.page(), call.page() + call.pages()).allMatch(p -> p == 0);
    }

    private static void fill(long[] plain, Call call) {
        int rights = call.permissions() == Permissions.READ ? 1 : 3;
        for (int i = 0; i < call.pages(); i++) {
            plain[call.page() + i] = HOST + (call.target() + (long) i << 12) | rights;
        }
    }

    private static long iova(int page) {
        return BASE + ((long) page << 12);
    }

    private static void assertSame(RiscvLab lab, long[] plain, int page, int access, int right) {
        long answer = lab.unit.translate(DEVICE, Iommu.NO_PASID, iova(page) | 0x40, access);
        if ((plain[page] & right) == 0) {
            assertThat(Iommu.isFault(answer)).as("page %d", page).isTrue();
        } else {
            assertThat(answer).as("page %d", page).isEqualTo(plain[page] & -4096L | 0x40);
        }
    }
}
