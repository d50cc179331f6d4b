"""Ordinary words, by what they are for in reading a sentence: commands, words that are never a name, and the like."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What people ask with; a misspelt word is mended towards these.
COMMANDS = _words("""
list show get display describe explain inspect logs log events event warnings warning memory usage metrics failing
failed crashing crashed pending running restart restarts restarting rollout status history scale delete remove
cordon uncordon drain create namespace namespaces apply manifest generate draft image images replicas replica exec
execute cluster clusters container containers previous yaml wrong problem problems broken healthy unhealthy help
thanks every everything which where what when why version starting working unreachable unavailable limit request
environment variable selector label labels errors error resources resource kubernetes command kinds overview
health yesterday minutes hours please diagnose
""")
# Ordinary words, and ordinary names of programs, that look like a misspelt command.
UNTOUCHED = _words("""
shop show shows when then than them there these those whose other another under order orders large limits limited
remote nodejs store stored states state stats static start started starts search service server servers loggers
logger logging request requests account accounts backend frontend payment payments worker workers image checkout
check checks checker cart card cards catalog inventory gateway monitor monitoring default public report reports
reporting notes noted node loads read ready really leave leaves raise raised event even evening sends several
claim names named label cable table tables ports port hosts hours house horse created creates deleted removed
restarted scaled listed shown described explained wait waits right rights light night eight might fight still
skill hello yellow fellow could would should world words worth north while white write wrote where here fine find
found first thirst third thing things think thank quick quiet quite ledger billing auth identity proxy router
redis rabbit kafka mongo postgres mysql grafana prometheus loki tempo
""")
# Never the name of an object, unless quoted or said right behind a kind.
ORDINARY = _words("""
a an the this that these those my our your his her their its it i you we they he she me us them one ones some any
all each both no not none nothing never and or but if then than so as at by for from in into inside of off on onto
out over per to too up down with within without under between through during before after since until about around
near across via like is are was were be been being am do does did done doing has have had having can could may
might must shall should will would who whom what which when where why how whose there here now again also just
only still even very more most less least much many few lot lots other another same such own new old latest last
first second third fourth fifth next previous recent recently please thanks thank ok okay yes yeah yep nope hi
hello hey hallo tell give make take get let lets want need know see look looking find found check checking ask say
said go going come came use used using work works try tried keep keeps kept happen happens happened happening
happend mean means meant cause caused causing seem seems think guess believe wonder set change changed changes
changing update add put upgrade bump raise increase lower reduce decrease switch turn edit modify start starts
stop stops stopped run runs ran kill killed killing fail fails crash crashes crashloop crashlooping restart fix
fixed fixing repair solve resolve heal reboot bounce recycle roll back undo revert revision revisions version
versions ready fine good bad well alive dead slow fast high low big small full empty right correct ill sick broken
stuck blocked dying hanging hung offline online reachable exist exists existing available troubleshoot diagnose
diagnosis investigate debug analyse analyze examine verify test rolled time times write draft generate scaffold
prepare deploy deploying deployed launch install trigger retry rerun expose eat eats eating takes took thing
things stuff anything something everything everyone everybody somebody status state states details detail info
information name names number count total list listing overview summary table output result results line lines
entry entries log minute minutes min mins hour hours day days week today yesterday seconds ago current currently
actually really exactly cpu ram mem memory disk storage space load usage utilization utilisation consumption
consume consumes consuming metric top port ports replica replicas env environment var variable variables value
limit limits request requests label labels selector selectors annotation container cluster clusters kube
kubernetes k8s kubectl apiserver server api yaml json manifest spec object objects resource resources type types
kind kinds command commands shell terminal question problem issue issues error errors trouble schedulable
unschedulable incident reason root wrong situation matter hell health healthy unhealthy crashloopbackoff oomkilled
imagepullbackoff errimagepull pending running failed failing succeeded completed terminating unknown whole entire
complete everywhere namespace called named default-namespace somewhere dont wont cant didnt isnt arent hasnt aint
im ive id gonna wanna gimme lemme pls plz u r ur btw asap der die das den dem des ein eine einen und oder ist sind
war auf aus mit von vom zum zur für fuer bei nach nicht kein keine zeig zeige zeigen mir alle allen alles wie
viele warum wieso weshalb welche welcher welches wo laufen läuft laufe bitte gibt es starte stoppe entferne auch
noch mal dann jetzt kaputt los geht starten neu liste skaliere lösche loesche restarted sorted exposed worst best
compare tail follow grep open joke bigger smaller installed dashboard often settings setting deploys wait waits
user users customer customers people someone website site pictures owns owned owner owners depend depends belong
belongs needs lately helm releases charts allowed permission permissions relation relations related
""")
# A name all the same when they stand right behind a kind: "namespace test", "pod app".
AFTER_A_KIND = _words("""
test debug metrics api server storage web app apps default monitoring logging report backup deploy launch
task runner test1 cluster wait waits
""")
# What follows "in" and is no place: "in detail", "in yaml".
HERE = _words("""
the a an this that my our your it its here there general detail details total yaml json use order all every each
any
""")
