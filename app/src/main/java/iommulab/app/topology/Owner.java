package iommulab.app.topology;

import java.util.Optional;

/// Who drives a function.
enum Owner {
    NOBODY,
    /// A kernel driver.
    KERNEL,
    /// A driver that hands the function to a user: VFIO, UIO.
    USER;

    /// A port's own driver and a stub use no DMA: nobody owns them.
    static Owner of(Optional<String> driver) {
        if (driver.isEmpty()) {
            return NOBODY;
        }
        var name = driver.get();
        if (name.equals("pcieport") || name.equals("pci-stub") || name.equals("shpchp")) {
            return NOBODY;
        }
        return name.contains("vfio") || name.contains("uio") ? USER : KERNEL;
    }
}
