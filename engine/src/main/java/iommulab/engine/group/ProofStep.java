package iommulab.engine.group;

import iommulab.engine.pci.PciAddress;

import java.util.Optional;

/// One step of the reasoning that put a function into its group, down to a bit or a quirk.
///
/// @param subject the function that the step looks at
/// @param verdict what the step found
/// @param text one sentence that a person can read
/// @param evidence the register bits or the rule that decided, such as `ACS control 0x11: RR 0 CR 0`
/// @param leadsTo the function whose group is joined or asked next, if any
public record ProofStep(
        PciAddress subject,
        Verdict verdict,
        String text,
        Optional<String> evidence,
        Optional<PciAddress> leadsTo) {
    /// What a step found.
    public enum Verdict {
        /// A fact without consequence by itself.
        FACT,
        /// Isolation holds here.
        PASSES,
        /// Isolation fails here.
        FAILS,
        /// The function joins the group of another.
        JOINS,
        /// The function opens a new group.
        OPENS
    }
}
