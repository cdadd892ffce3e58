package iommulab.app.topology;

import java.util.List;

/// What one box says, in the words shown.
///
/// @param title address, or number and kind of what is stacked
/// @param name of the device
/// @param second second line, left out first when room is short
/// @param tab group numbers where the box carries its tab itself; else empty
/// @param group whose colour the tab takes, -1 for several or none
/// @param domain made by somebody that the functions are attached to, -1 if none
/// @param cells one for each function of a stack
record Look(
        String title,
        String name,
        String second,
        String tab,
        int group,
        int domain,
        Owner owner,
        boolean selected,
        List<Cell> cells) {

    static final Look NOTHING = new Look("", "", "", "", -1, -1, Owner.NOBODY, false, List.of());

    Look {
        cells = List.copyOf(cells);
    }

    Look withoutTab() {
        return new Look(title, name, second, "", group, domain, owner, selected, cells);
    }

    /// One function of a stack.
    ///
    /// @param group -1 if it has none
    /// @param domain -1 if it has only its default domain
    record Cell(int group, int domain, Owner owner, boolean selected) {}
}
