import { Migration } from "@mikro-orm/migrations";

/**
 * Something that a newer version adds, while the workers go on.
 */
export class Migration30000101000000 extends Migration {
  override up(): void {
    this.addSql("alter table `chaos_counters` add `note` varchar(20) null");
    this.addSql("alter table `chaos_names` add index `chaos_names_both` (`name`, `id`)");
  }

  override down(): void {
    this.addSql("alter table `chaos_names` drop index `chaos_names_both`");
    this.addSql("alter table `chaos_counters` drop `note`");
  }
}
