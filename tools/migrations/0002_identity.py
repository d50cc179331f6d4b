"""As whom people reach each cluster, and what they entrust to the portal."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def act_as_themselves_in_the_demo(apps, schema_editor):
    apps.get_model("tools", "Cluster").objects.filter(is_demo=True).update(identity_mode="impersonate")


class Migration(migrations.Migration):

    dependencies = [
        ('tools', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IdentityMap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('person', 'person'), ('group', 'group')], max_length=6)),
                ('subject', models.CharField(help_text='A username, or the name of a group, of the portal.', max_length=150)),
                ('kube_name', models.CharField(help_text='The Kubernetes user, or group, they act as.', max_length=200)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('kind', 'subject', 'kube_name'),
            },
        ),
        migrations.CreateModel(
            name='PersonalToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sealed', models.TextField(editable=False)),
                ('expires_at', models.DateTimeField(null=True)),
                ('stored_at', models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='cluster',
            name='one_cluster_per_context',
        ),
        migrations.AddField(
            model_name='cluster',
            name='default_names',
            field=models.BooleanField(default=True, help_text='Whether a person without a line in the map acts as k8smcp:<their name>.'),
        ),
        migrations.AddField(
            model_name='cluster',
            name='identity_mode',
            field=models.CharField(choices=[('impersonate', 'each person as themselves'), ('token', 'each person with a token of their own'), ('shared', 'one identity for everybody')], default='shared', max_length=12),
        ),
        migrations.AddField(
            model_name='cluster',
            name='sealed',
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.AddField(
            model_name='cluster',
            name='shared_writes',
            field=models.BooleanField(default=False, help_text='Whether the one identity for everybody may change.'),
        ),
        migrations.AddConstraint(
            model_name='cluster',
            constraint=models.UniqueConstraint(condition=models.Q(('sealed', '')), fields=('kubeconfig', 'context'), name='one_cluster_per_context'),
        ),
        migrations.AddField(
            model_name='identitymap',
            name='cluster',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identity_map', to='tools.cluster'),
        ),
        migrations.AddField(
            model_name='personaltoken',
            name='cluster',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='personal_tokens', to='tools.cluster'),
        ),
        migrations.AddField(
            model_name='personaltoken',
            name='owner',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cluster_tokens', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='identitymap',
            constraint=models.UniqueConstraint(fields=('cluster', 'kind', 'subject', 'kube_name'), name='no_line_twice'),
        ),
        migrations.AddConstraint(
            model_name='identitymap',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'person')), fields=('cluster', 'subject'), name='one_user_per_person'),
        ),
        migrations.AddConstraint(
            model_name='personaltoken',
            constraint=models.UniqueConstraint(fields=('cluster', 'owner'), name='one_token_per_person'),
        ),
        migrations.RunPython(act_as_themselves_in_the_demo, migrations.RunPython.noop, elidable=True),
    ]
