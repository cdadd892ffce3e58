package iommulab.app.groups;

import iommulab.engine.pci.PciAddress;
import iommulab.engine.pci.PciFunction;
import iommulab.engine.pci.PciTopology;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Whose drivers hold the functions of a group. A group can be given to a user while no kernel driver
/// uses DMA in it; ports and stubs do not. Source: Linux, `drivers/iommu/iommu.c`, DMA ownership, and
/// the drivers that set `driver_managed_dma`.
///
/// @param kernel functions whose kernel driver uses DMA
/// @param user functions that a user's driver holds
/// @param exempt functions whose driver uses no DMA
/// @param unbound functions without driver
record Drivers(int kernel, int user, int exempt, int unbound) {
    private static final Set<String> EXEMPT = Set.of("pcieport", "pci-stub", "shpchp");

    static Drivers of(PciTopology topology, List<PciAddress> members) {
        int kernel = 0;
        int user = 0;
        int exempt = 0;
        int unbound = 0;
        for (var member : members) {
            var driver = topology.find(member).flatMap(PciFunction::driver);
            if (driver.isEmpty()) {
                unbound++;
            } else if (EXEMPT.contains(driver.get())) {
                exempt++;
            } else if (usesDma(driver)) {
                kernel++;
            } else {
                user++;
            }
        }
        return new Drivers(kernel, user, exempt, unbound);
    }

    /// Whether a kernel driver is bound that uses DMA.
    static boolean usesDma(Optional<String> driver) {
        return driver.filter(d -> !EXEMPT.contains(d) && !d.contains("vfio")).isPresent();
    }

    boolean viable() {
        return kernel == 0;
    }

    /// `3 drivers use DMA, 5 exempt`
    String words() {
        if (kernel == 0) {
            return user == 0 ? "no driver uses DMA" : user + " held by a user";
        }
        var using = kernel == 1 ? "1 driver uses DMA" : kernel + " drivers use DMA";
        return exempt == 0 ? using : using + ", " + exempt + " exempt";
    }
}
