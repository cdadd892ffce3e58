package iommulab.app.groups;

import iommulab.engine.group.Group;
import iommulab.engine.group.Viability;
import iommulab.engine.pci.PciTopology;

/// Whose drivers hold the functions of a group, counted.
///
/// @param kernel functions whose kernel driver uses DMA
/// @param user functions that a driver hands to a user
/// @param exempt functions whose driver uses no DMA
record Drivers(int kernel, int user, int exempt) {

    static Drivers of(PciTopology topology, Group group) {
        int kernel = 0;
        int user = 0;
        int exempt = 0;
        for (var member : Viability.of(group, topology).members()) {
            switch (member.standing()) {
                case IN_THE_WAY -> kernel++;
                case FOR_USER -> user++;
                case EXEMPT -> exempt += member.driver().isPresent() ? 1 : 0;
            }
        }
        return new Drivers(kernel, user, exempt);
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
