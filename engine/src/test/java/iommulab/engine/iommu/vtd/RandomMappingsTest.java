package iommulab.engine.iommu.vtd;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.iommu.builder.TableLimits;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

import java.util.Arrays;
import java.util.List;

/// The builder against a map of pages that is nothing but an array, read by the hardware's walker and by
/// a plain reader.
class RandomMappingsTest {
    private static final int PAGES = 2048;

    /// 8 MiB around a border of 1 GiB, so that two tables of every level up to 3 take part.
    private static final long BASE = (1L << 30) - (4L << 20);

    /// One call of a driver.
    ///
    /// @param page first page, counted from [#BASE]
    /// @param hostPage where it leads, if it maps
    record Call(boolean maps, int page, int pages, int hostPage, Permissions permissions) {}

    @Provide
    Arbitrary<List<Call>> calls() {
        var page =
                Arbitraries.oneOf(
                        Arbitraries.integers().between(0, PAGES - 1),
                        Arbitraries.of(0, 512, 1024, 1536));
        var pages =
                Arbitraries.oneOf(
                        Arbitraries.integers().between(1, 40),
                        Arbitraries.integers().between(1, PAGES),
                        Arbitraries.of(512, 1024));
        var host = Arbitraries.of(0, 512, 1, 700, 2048);
        return Combinators.combine(
                        Arbitraries.of(true, true, false),
                        page,
                        pages,
                        host,
                        Arbitraries.of(Permissions.READ, Permissions.WRITE, Permissions.READ_WRITE))
                .as(RandomMappingsTest::call)
                .list()
                .ofMinSize(1)
                .ofMaxSize(14);
    }

    private static Call call(boolean maps, int page, int pages, int host, Permissions permissions) {
        return new Call(maps, page, Math.min(pages, PAGES - page), host + page % 512, permissions);
    }

    @Property(tries = 10_000)
    void theTablesSayWhatAPlainMapOfPagesSays(@ForAll("calls") List<Call> calls)
            throws MappingRefused {
        var lab = new TableLab(32);
        var domain = lab.domain(new TableLimits(TableShape.FOUR_KIB, 3, 39, 46, 3));
        var plain = new long[PAGES];
        Arrays.fill(plain, TableLab.NOT_MAPPED);
        for (var call : calls) {
            boolean accepted = run(domain, call);
            assertThat(accepted).as("%s accepted", call).isEqualTo(runPlain(plain, call));
        }
        assertSame(lab, domain, plain);
        unmapAll(domain, plain);
        assertThat(lab.frames.taken()).as("frames when all is unmapped").isOne();
        assertThat(lab.memory.contentHash()).as("memory when all is unmapped").isZero();
    }

    private static boolean run(TableBuilder domain, Call call) {
        long iova = BASE + call.page() * 4096L;
        try {
            if (call.maps()) {
                var change =
                        domain.map(
                                iova,
                                call.hostPage() * 4096L,
                                call.pages() * 4096L,
                                call.permissions());
                assertThat(change.pages().bytes()).isEqualTo(call.pages() * 4096L);
            } else {
                var change = domain.unmap(iova, call.pages() * 4096L);
                assertThat(change.stale().stream().mapToLong(r -> r.bytes()).sum())
                        .isEqualTo(change.pages().bytes());
            }
            return true;
        } catch (MappingRefused refused) {
            assertThat(refused.errno()).isEqualTo(call.maps() ? "EEXIST" : "ENOENT");
            return false;
        }
    }

    private static boolean runPlain(long[] plain, Call call) {
        int end = call.page() + call.pages();
        if (call.maps()) {
            for (int page = call.page(); page < end; page++) {
                if (plain[page] != TableLab.NOT_MAPPED) {
                    return false;
                }
            }
            for (int page = call.page(); page < end; page++) {
                plain[page] =
                        (call.hostPage() + page - call.page()) * 4096L
                                | (call.permissions().read() ? 1 : 0)
                                | (call.permissions().write() ? 2 : 0);
            }
            return true;
        }
        boolean any = false;
        for (int page = call.page(); page < end; page++) {
            any |= plain[page] != TableLab.NOT_MAPPED;
            plain[page] = TableLab.NOT_MAPPED;
        }
        return any;
    }

    private static void assertSame(TableLab lab, TableBuilder domain, long[] plain) {
        for (int page = 0; page < PAGES; page++) {
            long iova = BASE + page * 4096L;
            long read = lab.read(domain, iova);
            long walked = lab.walk(domain, iova);
            if (read != plain[page] || walked != plain[page]) {
                assertThat(read).as("page %d, read plainly", page).isEqualTo(plain[page]);
                assertThat(walked).as("page %d, walked", page).isEqualTo(plain[page]);
            }
        }
    }

    private static void unmapAll(TableBuilder domain, long[] plain) throws MappingRefused {
        if (Arrays.stream(plain).anyMatch(entry -> entry != TableLab.NOT_MAPPED)) {
            domain.unmap(BASE, PAGES * 4096L);
        }
    }
}
