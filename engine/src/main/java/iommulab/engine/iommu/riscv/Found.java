package iommulab.engine.iommu.riscv;

import org.jspecify.annotations.Nullable;

/// What a request found on its way to the page tables, for whoever explains it.
///
/// @param device its device context, null if there is none
/// @param fsc the first stage it was sent to, 0 if that is Bare or was not found
/// @param path of its address space, 0 if none was found
record Found(@Nullable DeviceContext device, long fsc, long path) {
    private static final int CONTEXT_WORDS = 8;

    /// The device context word by word, all zero if there is none.
    long[] deviceWords(int bytes) {
        var words = new long[CONTEXT_WORDS];
        if (device != null) {
            words[0] = device.tc();
            words[1] = device.iohgatp();
            words[2] = device.ta();
            words[3] = device.fsc();
            words[4] = device.msiptp();
            words[5] = device.msiMask();
            words[6] = device.msiPattern();
        }
        return java.util.Arrays.copyOf(words, bytes / Long.BYTES);
    }

    boolean isNarrow() {
        return device != null && device.has(DeviceContext.SXL);
    }

    long msiMask() {
        return device == null ? 0 : device.msiMask();
    }

    /// Levels of the process directory.
    int processLevels() {
        return device == null ? 0 : device.firstMode();
    }

    /// Levels of the first stage, 0 if it is Bare.
    int firstLevels() {
        int mode = DeviceContext.mode(fsc);
        if (mode == DeviceContext.BARE) {
            return 0;
        }
        return isNarrow() ? 2 : mode - 5;
    }

    /// Bits of the iova that the tables translate, 0 if unknown.
    int addressBits(int control) {
        if (device == null || path == 0) {
            return 0;
        }
        if (firstLevels() != 0) {
            return Stages.iovaBits(DeviceContext.mode(fsc), isNarrow());
        }
        return device.secondMode() == DeviceContext.BARE
                ? 0
                : StageArithmetic.guestBits(device, control);
    }
}
