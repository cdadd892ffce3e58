package iommulab.engine.iommu.amdvi;

import static org.assertj.core.api.Assertions.assertThat;

import iommulab.engine.iommu.CacheShapes;
import iommulab.engine.iommu.Iommu;
import iommulab.engine.iommu.MappingRefused;
import iommulab.engine.iommu.Permissions;
import iommulab.engine.iommu.TableShape;
import iommulab.engine.iommu.builder.TableBuilder;
import iommulab.engine.iommu.builder.TableLimits;
import iommulab.engine.iommu.builder.TableStore;
import iommulab.engine.iommu.builder.X86Encoder;
import iommulab.engine.memory.AddressRange;
import iommulab.engine.memory.FrameAllocator;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;
import java.util.List;

/// Tables that the driver's builder writes, read by the unit.
class AmdTablesTest {
    private static final int NIC = 0x0300;
    private static final int PASID = 3;
    private static final int PAGES = 2048;

    /// 8 MiB around a border of 1 GiB, so that two tables of every level up to 3 take part.
    private static final long BASE = (1L << 30) - (4L << 20);

    private final AmdLab lab = new AmdLab(CacheShapes.USUAL);
    private final TableStore store =
            TableStore.ofHost(
                    lab.memory, new FrameAllocator(AddressRange.of(0x100_0000_0L, 4096 * 4096L)));

    private TableBuilder hostTable(int mode) throws MappingRefused {
        var table =
                TableBuilder.create(
                        store, new HostTableEncoder(), HostTableEncoder.limits(mode, 52), 7);
        lab.attach(NIC, 7, mode, table.top());
        return table;
    }

    private TableBuilder guestTable(int levels) throws MappingRefused {
        var limits = new TableLimits(TableShape.FOUR_KIB, levels, 12 + 9 * levels - 1, 52, 3);
        var table = TableBuilder.create(store, new X86Encoder(), limits, 7);
        long gcr3 = lab.table();
        lab.attachGuest(NIC, 7, 0, 0, gcr3, 1, levels, 0);
        lab.setGcr3(gcr3, 1, PASID, table.top());
        return table;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 6})
    void whatIsMappedInATableOfEachModeIsFound(int mode) throws MappingRefused {
        var table = hostTable(mode);
        table.map(0x1ff000, 0x3ff000, 0x201000, Permissions.READ);
        assertThat(lab.read(NIC, 0x1ff123)).isEqualTo(0x3ff123);
        assertThat(lab.read(NIC, 0x3fffff)).isEqualTo(0x5fffff);
        assertThat(lab.unit.lastPageBytes()).isEqualTo(1 << 21);
        assertThat(lab.write(NIC, 0x3fffff)).isEqualTo(-2);
        assertThat(lab.read(NIC, 0x400000)).isEqualTo(-2);
        assertThat(lab.unit.lastFault()).isEqualTo(AmdFault.PAGE_NOT_PRESENT);
    }

    @Property(tries = 40)
    void hostTablesSayWhatWasMapped(
            @ForAll @IntRange(min = 3, max = 6) int mode,
            @ForAll @Size(max = 12) List<@IntRange(max = (1 << 28) - 1) Integer> calls)
            throws MappingRefused {
        run(hostTable(mode), calls, Iommu.NO_PASID);
    }

    @Property(tries = 40)
    void guestTablesSayWhatWasMapped(
            @ForAll @IntRange(min = 4, max = 5) int levels,
            @ForAll @Size(max = 12) List<@IntRange(max = (1 << 28) - 1) Integer> calls)
            throws MappingRefused {
        run(guestTable(levels), calls, PASID);
    }

    /// Maps and unmaps, and compares each page with an array of what should be there.
    private void run(TableBuilder table, List<Integer> calls, int pasid) throws MappingRefused {
        var wanted = new long[PAGES];
        Arrays.fill(wanted, -2);
        for (int call : calls) {
            int page = (call & 7) * 256 + (call >>> 3 & 3) * 61;
            int pages = Math.min(PAGES - page, (call >>> 5 & 1) == 0 ? 512 : 1 + (call >>> 6 & 63));
            long target = (1L << 33) + (call >>> 12 & 1) * 4096L + page * 4096L;
            if ((call >>> 13 & 3) == 0) {
                unmap(table, wanted, page, pages);
            } else {
                map(table, wanted, page, pages, target);
            }
        }
        lab.submit(AmdCommand.invalidateAll());
        for (int page = 0; page < PAGES; page++) {
            assertThat(lab.unit.translate(NIC, pasid, BASE + page * 4096L, Iommu.WRITE))
                    .as("page %d", page)
                    .isEqualTo(wanted[page]);
        }
    }

    private static void map(TableBuilder table, long[] wanted, int page, int pages, long target)
            throws MappingRefused {
        for (int i = page; i < page + pages; i++) {
            if (wanted[i] != -2) {
                return;
            }
        }
        table.map(BASE + page * 4096L, target, pages * 4096L, Permissions.READ_WRITE);
        for (int i = 0; i < pages; i++) {
            wanted[page + i] = target + i * 4096L;
        }
    }

    private static void unmap(TableBuilder table, long[] wanted, int page, int pages)
            throws MappingRefused {
        boolean any = false;
        for (int i = page; i < page + pages; i++) {
            any |= wanted[i] != -2;
            wanted[i] = -2;
        }
        if (any) {
            table.unmap(BASE + page * 4096L, pages * 4096L);
        }
    }
}
