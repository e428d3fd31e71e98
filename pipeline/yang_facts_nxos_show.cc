// NX-OS show commands as NX-API gives them: keys of each table, by the table's name wherever it is,
// and columns. Columns that mean the same in every command stand under "*".
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr double kibibyte = 1024;

constexpr YangLeaves any_command[] = {
    // show interface, show interface counters
    {"eth_inbytes eth_outbytes", counter("bytes")},
    {"eth_inucast eth_inmcast eth_inbcast eth_inpkts eth_jumbo_inpkts eth_storm_supp", counter()},
    {"eth_runts eth_giants eth_crc eth_nobuf eth_inerr eth_frame eth_overrun", counter()},
    {"eth_underrun eth_ignored eth_watchdog eth_bad_eth eth_bad_proto", counter()},
    {"eth_in_ifdown_drops eth_dribble eth_indiscard eth_inpause eth_stomped_crc", counter()},
    {"eth_outucast eth_outmcast eth_outbcast eth_outpkts eth_jumbo_outpkts", counter()},
    {"eth_outerr eth_coll eth_deferred eth_latecoll eth_lostcarrier eth_nocarrier", counter()},
    {"eth_babbles eth_outdiscard eth_outpause eth_reset_cntr", counter()},
    {"vdc_lvl_in_bytes vdc_lvl_out_bytes", counter("bytes")},
    {"vdc_lvl_in_pkts vdc_lvl_in_ucast vdc_lvl_in_mcast vdc_lvl_in_bcast", counter()},
    {"vdc_lvl_out_pkts vdc_lvl_out_ucast vdc_lvl_out_mcast vdc_lvl_out_bcast", counter()},
    {"svi_ucast_bytes_in svi_ucast_bytes_out svi_mcast_bytes_in", counter("bytes")},
    {"svi_ucast_pkts_in svi_ucast_pkts_out svi_mcast_pkts_in", counter()},
    {"loop_in_bytes loop_out_bytes", counter("bytes")},
    {"loop_in_pkts loop_out_pkts", counter()},
    {"eth_mtu", gauge("bytes")},
    {"eth_bw", gauge("bits_per_second", 1000)},
    {"eth_dly", gauge("seconds", 1e-6)},
    {"eth_reliability eth_txload eth_rxload", gauge()},
    {"eth_inrate1_bits eth_outrate1_bits eth_inrate2_bits eth_outrate2_bits",
     gauge("bits_per_second")},
    {"eth_inrate1_pkts eth_outrate1_pkts eth_inrate2_pkts eth_outrate2_pkts",
     gauge("packets_per_second")},
    {"eth_load_interval1_rx eth_load_interval1_tx", gauge("seconds")},
    {"eth_load_interval2_rx eth_load_interval2_tx", gauge("seconds")},
    {"eth_duplex eth_autoneg eth_beacon", some_state()},
    {"eth_hw_desc eth_mode eth_speed eth_media desc eth_bundle", info},
    {"eth_hw_addr eth_bia_addr eth_link_flapped eth_clear_counters eth_ratemode", text},
    {"eth_ip_addr eth_ip_mask eth_ip_prefix eth_swt_monitor eth_ethertype eth_mdix", text},
    {"eth_in_flowctrl eth_out_flowctrl eth_eee_state eth_members encapsulation medium", text},
    {"eth_inrate1_summary_bits eth_inrate1_summary_pkts", text},
    {"eth_outrate1_summary_bits eth_outrate1_summary_pkts", text},
    {"eth_inrate2_summary_bits eth_inrate2_summary_pkts", text},
    {"eth_outrate2_summary_bits eth_outrate2_summary_pkts", text},
    // show interface counters errors
    {"eth_align_err eth_fcs_err eth_xmit_err eth_rcv_err eth_undersize eth_outdisc", counter()},
    {"eth_single_col eth_multi_col eth_late_col eth_excess_col eth_carri_sen", counter()},
    {"eth_sqetest_err eth_deferred_tx eth_inmactx_err eth_inmacrx_err eth_symbol_err", counter()},
    // states
    {"state admin_state proto share_state", some_state()},
    {"state_rsn_desc", text},
    // show bgp ... summary, of any address family
    {"msgrecvd msgsent", counter()},
    {"inq outq prefixreceived configuredpeers capablepeers", gauge()},
    {"totalnetworks totalpaths numberattrs numberpaths numbercommunities", gauge()},
    {"numberclusterlist", gauge()},
    {"memoryused bytesattrs bytespaths bytescommunities bytesclusterlist", gauge("bytes")},
    {"neighboras vrf-router-id vrf-local-as", info},
    {"neighbortableversion tableversion neighborversion", identifier},
};

constexpr YangLeaves interface_states[] = {
    {"state admin_state", state<"up", "down">()},
};

constexpr YangLeaves interface_brief[] = {
    {"state", state<"up", "down">()},
    {"proto", state<"up", "down">()},
    {"vlan type portmode speed ratemode portchan", info},
    {"state_rsn_desc", text},
};

constexpr YangLeaves transceiver[] = {
    {"temperature temp_alrm_hi temp_alrm_lo temp_warn_hi temp_warn_lo", gauge("celsius")},
    {"laser_temp laser_temp_alrm_hi laser_temp_alrm_lo", gauge("celsius")},
    {"laser_temp_warn_hi laser_temp_warn_lo", gauge("celsius")},
    {"voltage volt_alrm_hi volt_alrm_lo volt_warn_hi volt_warn_lo", gauge("volts")},
    {"current current_alrm_hi current_alrm_lo current_warn_hi current_warn_lo",
     gauge("amperes", 0.001)},
    {"tec_current tec_current_alrm_hi tec_current_alrm_lo", gauge()},
    {"tec_current_warn_hi tec_current_warn_lo", gauge()},
    {"tx_pwr tx_pwr_alrm_hi tx_pwr_alrm_lo tx_pwr_warn_hi tx_pwr_warn_lo", gauge("dbm")},
    {"rx_pwr rx_pwr_alrm_hi rx_pwr_alrm_lo rx_pwr_warn_hi rx_pwr_warn_lo", gauge("dbm")},
    {"rx_pwr_0 rx_pwr_1 rx_pwr_2 rx_pwr_3 rx_pwr_4", gauge("dbm")},
    {"laser_freq laser_freq_alrm_hi laser_freq_alrm_lo", gauge()},
    {"laser_freq_warn_hi laser_freq_warn_lo", gauge()},
    {"snr snr_alrm_hi snr_alrm_lo snr_warn_hi snr_warn_lo", gauge()},
    {"xmit_faults", counter()},
    {"name partnum rev serialnum type cisco_part_number cisco_product_id", info},
    {"sfp ciscoid cable_type connector_type fiber_type_byte0 fiber_type_byte1", text},
    {"cisco_vendor_id cisco_ext_id bit_encoding protocol_type nom_bitrate", text},
};

constexpr YangLeaves resources[] = {
    {"load_avg_1min load_avg_5min load_avg_15min processes_total processes_running", gauge()},
    {"cpu_state_user cpu_state_kernel cpu_state_idle user kernel idle", percent()},
    {"memory_usage_total memory_usage_used memory_usage_free", gauge("bytes", kibibyte)},
    {"current_memory_status", some_state()},
};

constexpr YangLeaves processes_cpu[] = {
    {"user_percent kernel_percent idle_percent onesec", percent()},
    {"fivesec_percent fivesec_intr_percent onemin_percent fivemin_percent", percent()},
    {"runtime", counter("seconds", 0.001)},
    {"invoked", counter()},
    {"usecs", gauge("seconds", 1e-6)},
    {"process", info},
};

constexpr YangLeaves temperature[] = {
    {"curtemp majthres minthres", gauge("celsius")},
    {"alarmstatus", some_state()},
};

constexpr YangLeaves fan[] = {
    {"fanstatus fan_filter_status", some_state()},
    {"fanmodel fanhwver fandir", info},
    {"fanperc", percent()},
    {"fanrpm fan1rpm fan2rpm", gauge("rpm")},
    {"zonespeed", text},
};

constexpr YangLeaves power[] = {
    {"actual_out actual_input tot_capa watts_requested watts_alloced", gauge("watts")},
    {"actual_draw allocated tot_pow_capacity cumulative_power", gauge("watts")},
    {"tot_pow_out_actual_draw tot_pow_input_actual_draw tot_pow_alloc_budgeted", gauge("watts")},
    {"available_pow pow_used_by_mods reserve_sup reserve_fan reserve_xbar", gauge("watts")},
    {"amps_requested amps_alloced amps", gauge("amperes")},
    {"ps_input_voltage ps_output_voltage", gauge("volts")},
    {"ps_status ps_status_3k modstatus ps_redun_op_mode", some_state()},
    {"psmodel mod_model", info},
};

constexpr YangLeaves vlan[] = {
    {"vlanshowbr-vlanstate", state<"active", "suspend">()},
    {"vlanshowbr-shutstate", state<"noshutdown", "shutdown">()},
    {"vlanshowbr-vlanname", info},
    {"vlanshowplist-ifidx vlanshowbr-vlanid", text},
};

constexpr YangLeaves interface_status[] = {
    {"state", some_state()},
    {"duplex", some_state()},
    {"vlan speed type name", info},
};

constexpr YangLeaves ptp_corrections[] = {
    {"correction-val", gauge("seconds", 1e-9)},
    {"sup-time ptp-header ptp-end", text},
};

constexpr YangLeaves module[] = {
    {"ports", gauge()},
    {"model modtype sw hw", info},
    {"status", some_state()},
};

constexpr YangLeaves vpc[] = {
    {"vpc-port-state vpc-consistency peer-link-port-state", some_state()},
    {"vpc-peer-status vpc-peer-keepalive-status vpc-role", some_state()},
    {"num-of-vpcs", gauge()},
};

// Keys, by the names of tables.
constexpr YangNode nodes[] = {
    {"nxos_show:*", {}, any_command},
    {"nxos_show:*/TABLE_interface|nxos_show:*/TABLE_interface_detail", words<"interface">},
    {"nxos_show:*/TABLE_rx_counters", words<"interface_rx">},
    {"nxos_show:*/TABLE_tx_counters", words<"interface_tx">},
    {"nxos_show:*/TABLE_lane", words<"lane_number">},
    {"nxos_show:*/TABLE_cpu_usage", words<"cpuid">},
    {"nxos_show:*/TABLE_process_cpu", words<"pid">},
    {"nxos_show:*/TABLE_tempinfo", words<"tempmod", "sensor">},
    {"nxos_show:*/TABLE_faninfo", words<"fanname">},
    {"nxos_show:*/TABLE_psinfo", words<"psnum">},
    {"nxos_show:*/TABLE_mod_pow_info", words<"modnum">},
    {"nxos_show:*/TABLE_vrf", words<"vrf-name-out">},
    {"nxos_show:*/TABLE_af", words<"af-id">},
    {"nxos_show:*/TABLE_saf", words<"safi">},
    {"nxos_show:*/TABLE_neighbor", words<"neighborid">},
    {"nxos_show:*/TABLE_prefix", words<"ipprefix">},
    {"nxos_show:*/TABLE_vlanbrief", words<"vlanshowbr-vlanid-utf">},
    {"nxos_show:*/TABLE_mac_address", words<"disp_vlan", "disp_mac_addr">},
    {"nxos_show:*/TABLE_adj", words<"intf-out", "ip-addr-out">},
    {"nxos_show:*/TABLE_intf", words<"intf-name">},
    {"nxos_show:*/TABLE_ctx", words<"ptag", "cname">},
    {"nxos_show:*/TABLE_nbr", words<"rid">},
    {"nxos_show:*/TABLE_nbor|nxos_show:*/TABLE_nbor_detail", words<"l_port_id", "chassis_id">},
    {"nxos_show:*/TABLE_cdp_neighbor_brief_info|nxos_show:*/TABLE_cdp_neighbor_detail_info",
     words<"intf_id", "device_id">},
    {"nxos_show:*/TABLE_channel", words<"port-channel">},
    {"nxos_show:*/TABLE_member", words<"port">},
    {"nxos_show:*/TABLE_modinfo", words<"modinf">},
    {"nxos_show:*/TABLE_inv", words<"name">},
    {"nxos_show:*/TABLE_vpc", words<"vpc-id">},
    {"nxos_show:*/TABLE_peerlink", words<"peer-link-id">},
    {"nxos_show:*/TABLE_grp_detail", words<"sh_if_index", "sh_group_num">},
    {"nxos_show:*/TABLE_nve_peers", words<"if-name", "peer-ip">},
    {"nxos_show:*/TABLE_nve_vni", words<"if-name", "vni">},
    {"nxos_show:*/TABLE_queuing_interface", words<"if_name_str">},
    {"nxos_show:*/TABLE_qosgrp_stats", words<"eq-qosgrp">},
    {"nxos_show:*/TABLE_ptp", words<"intf-name">},
    {"nxos_show:show interface", {}, interface_states},
    {"nxos_show:show interface brief", {}, interface_brief},
    {"nxos_show:show interface status", {}, interface_status},
    {"nxos_show:show interface transceiver details|nxos_show:show interface transceiver",
     {},
     transceiver},
    {"nxos_show:show system resources", {}, resources},
    {"nxos_show:show processes cpu|nxos_show:show processes cpu sort", {}, processes_cpu},
    {"nxos_show:show environment temperature", {}, temperature},
    {"nxos_show:show environment fan|nxos_show:show environment fan detail", {}, fan},
    {"nxos_show:show environment power|nxos_show:show environment power detail", {}, power},
    {"nxos_show:show vlan|nxos_show:show vlan brief", {}, vlan},
    {"nxos_show:show ptp corrections", {}, ptp_corrections},
    {"nxos_show:show module", {}, module},
    {"nxos_show:show vpc|nxos_show:show vpc brief", {}, vpc},
};

}  // namespace

constinit const YangTable yang_nxos_show = {
    .title = "NX-OS show commands",
    .source = "NX-API answers of 9.3 and 10.x",
    .nodes = nodes,
};

}  // namespace weir
