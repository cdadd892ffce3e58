/// The Groups perspective: which functions the IOMMU cannot tell apart, why, and what would change it.
///
/// Three columns: the list ([iommulab.app.groups.GroupList]), the proof of a pair
/// ([iommulab.app.groups.ProofModel]), and what-if edits of ACS bits
/// ([iommulab.app.groups.WhatIfModel]), which are asked of the engine and not applied until Apply.
package iommulab.app.groups;
