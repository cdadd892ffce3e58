package iommulab.engine.iommu.riscv;

import iommulab.engine.cache.Iotlb;
import iommulab.engine.iommu.TableEntry;

import java.util.Optional;

/// What the tables say of the page that served a request.
///
/// @param address first byte of the page: hpa, or gpa if an ATS request is answered so
/// @param pageBytes size of the range that is translated alike
/// @param read whether reads are allowed; so on for the others. An ATS request is told what it is granted
/// @param write as `read`; also if the dirty bit is still to be set, but not granted to an ATS request then
/// @param execute as `read`
/// @param global whether it is so in all address spaces of its guest or of the host
/// @param memoryType 0 as the address has it, 1 not cacheable, 2 I/O
/// @param interruptFile where a message goes that is kept in memory; empty for all others
public record Mapping(
        long address,
        long pageBytes,
        boolean read,
        boolean write,
        boolean execute,
        boolean global,
        int memoryType,
        Optional<InterruptFile> interruptFile) {

    /// A memory-resident interrupt file.
    ///
    /// @param hpa where it lies, 512 bytes
    /// @param noticeId number that the notice carries, 11 bits
    public record InterruptFile(long hpa, int noticeId) {}

    /// @param granted whether the word is an answer to an ATS request, which tells what is granted
    static Mapping of(long word, boolean granted, Optional<InterruptFile> interruptFile) {
        long clean = granted ? 0 : TableEntry.CLEAN;
        return new Mapping(
                TableEntry.address(word),
                1L << Iotlb.pageShift(word),
                (word & (TableEntry.READ | TableEntry.PRIV_READ)) != 0,
                (word & (TableEntry.ANY_WRITE | clean)) != 0,
                (word & (TableEntry.EXECUTE | TableEntry.PRIV_EXECUTE)) != 0,
                (word & TableEntry.GLOBAL) != 0,
                (int) (word >>> Stages.MEMORY_TYPE_AT) & 3,
                interruptFile);
    }
}
